// JATOS: the whole so far after each block, since submitResultData overwrites; lists are dealt by the batch session.
(() => {
  let records = [];

  async function untilDone(attempt, trouble) {
    for (let wait = 1000; ; wait = Math.min(2 * wait, 15000)) {
      try {
        const answer = await attempt();
        trouble(false);
        return answer;
      } catch {
        trouble(true);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  const loaded = () => new Promise((resolve) => jatos.onLoad(resolve));

  // the least used list; another person's change in between makes the batch session refuse ours, and we look again
  function dealtList(design) {
    return untilDone(async () => {
      const used = jatos.batchSession.get("lists") || {};
      const counts = Array.from({ length: design.n_lists }, (_, index) => used[index + 1] || 0);
      const list = 1 + counts.indexOf(Math.min(...counts));
      await jatos.batchSession.set("lists", { ...used, [list]: counts[list - 1] + 1 });
      return list;
    }, () => {});
  }

  window.BAM_TRANSPORT = {
    async start(design) {
      await loaded();
      const asked = Number(jatos.urlQueryParameters.list);
      const known = Number.isInteger(asked) && asked >= 1 && asked <= design.n_lists;
      if (!known && design.personal_lists) throw new BamStop("study_unknown");
      const list = known ? asked : await dealtList(design);
      return { participant_id: bamOutsideId(jatos.urlQueryParameters) || String(jatos.workerId), session: 1, list, blocks: [] };
    },
    async save(design, block, fresh, trouble) {
      records = records.concat(fresh);
      await untilDone(() => jatos.submitResultData(JSON.stringify(records)), trouble);
    },
    async finish() {
      return null;
    },
    leave() {
      jatos.endStudy(true);
    },
  };
})();
