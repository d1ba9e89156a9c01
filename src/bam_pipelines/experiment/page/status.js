// Brings the experimenter's page up to date, and leaves the reader where they are.
(() => {
  const SECONDS = 15;
  const renew = document.getElementById("renew");
  const silence = document.getElementById("silence");
  const scrolled = () => document.querySelector("#now .wide");

  async function fresh() {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const left = scrolled() ? scrolled().scrollLeft : 0;
    document.title = page.title;
    document.getElementById("now").replaceWith(document.adoptNode(page.getElementById("now")));
    if (scrolled()) scrolled().scrollLeft = left;
  }

  function bring() {
    if (!renew.checked) return;
    fresh().then(
      () => { silence.textContent = ""; },
      () => { silence.textContent = `The server has not answered since ${new Date().toLocaleTimeString()}; what stands here is older.`; },
    );
  }

  document.getElementById("renewal").hidden = false;
  renew.addEventListener("change", bring);
  setInterval(bring, SECONDS * 1000);
})();
