// The project's own server: every finished block is stored there before the next one begins.
(() => {
  // of the person and list that a link names, so that the next one at this machine gets a place of their own
  const key = (design) => `bam-${design.name}-${design.design_id}-${bamOutsideId() || ""}-${bamAskedList() || ""}-token`;
  let place = null;

  async function post(path, body) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return response.json();
    const answer = await response.json().catch(() => ({}));
    // what the server refused it will refuse again; only its own failures and lost connections are worth another try
    if (response.status < 500) throw new BamStop(answer.word || "study_error", answer.detail);
    throw new Error(`status ${response.status}`);
  }

  async function untilDone(path, body, trouble) {
    for (let wait = 1000; ; wait = Math.min(2 * wait, 15000)) {
      try {
        const answer = await post(path, body);
        trouble(false);
        return answer;
      } catch (error) {
        if (error instanceof BamStop) throw error;
        trouble(true);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  window.BAM_TRANSPORT = {
    async start(design, trouble) {
      const token = location.hash.slice(1) || bamKept((kept) => kept.getItem(key(design)));
      const asked = Number(bamAskedList()) || null;
      const body = { token: token || null, outside_id: bamOutsideId(), design_id: design.design_id, list: asked };
      place = await untilDone("api/start", body, trouble);
      bamKept((kept) => kept.setItem(key(design), place.token));
      history.replaceState(null, "", `#${place.token}`);
      return place;
    },
    async save(design, block, records, trouble) {
      const { token, session } = place;
      await untilDone("api/blocks", { token, session, block, records }, trouble);
    },
    async finish(design, trouble) {
      const { token, session } = place;
      await untilDone("api/finish", { token, session }, trouble);
      // the next person at this machine gets a place of their own; a reload keeps the token of the address
      bamKept((kept) => kept.removeItem(key(design)));
      return null;
    },
  };
})();
