// Where nobody receives answers: they stay in this browser block by block, and end in a file for the experimenter.
(() => {
  // of the person and list that a link names, so that the next one at this machine begins anew
  const key = (design) => `bam-${design.name}-${design.design_id}-${bamOutsideId() || ""}-${bamAskedList() || ""}`;
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  function chosenList(design) {
    const asked = bamAskedList();
    if (asked === null && design.personal_lists) throw new BamStop("study_unknown");
    if (asked === null) return 1 + Math.floor(Math.random() * design.n_lists);
    const list = Number(asked);
    if (!Number.isInteger(list) || list < 1 || list > design.n_lists) throw new BamStop("study_unknown");
    return list;
  }

  function download(state, design) {
    const file = new Blob([JSON.stringify(state.records)], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${design.name}-${state.participant_id}.json`;
    link.click();
  }

  let state = null;
  window.BAM_TRANSPORT = {
    async start(design) {
      const found = bamKept((kept) => kept.getItem(key(design)));
      state = found ? JSON.parse(found) : { participant_id: bamOutsideId() || random(), session: 0, list: chosenList(design), blocks: [], records: [] };
      state.session += 1;
      return { participant_id: state.participant_id, session: state.session, list: state.list, blocks: state.blocks };
    },
    async save(design, block, records) {
      state.blocks.push(block);
      state.records.push(...records);
      bamKept((kept) => kept.setItem(key(design), JSON.stringify(state)));
    },
    async finish(design) {
      download(state, design);
      bamKept((kept) => kept.removeItem(key(design)));
      return "saved_file";
    },
  };
})();
