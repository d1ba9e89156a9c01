"use strict";
// Filters the gallery and shows one participant at a time. Without it everything on the page can be read all the same.
(() => {
  const PAGE = 60;
  const one = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const written = (number) => number.toLocaleString("en");

  function describe(element) {
    const { targets, kind, outcome, entropy, answers } = element.dataset;
    const given = new Map(answers.split(" ").filter(Boolean).map((answer) => answer.split(":")));
    return { element, own: element.querySelector(".own"), targets: targets.split(" "), kind, outcome, entropy: entropy === "" ? null : Number(entropy), answers: given };
  }

  function fits(card, wanted) {
    const targets = wanted.targets.split(" ").filter(Boolean);
    // entropies are written with four digits
    const between = wanted.whole || (card.entropy !== null && card.entropy >= wanted.least - 1e-3 && card.entropy <= wanted.most + 1e-3);
    return targets.every((target) => card.targets.includes(target))
      && (wanted.kind === "" || card.kind === wanted.kind)
      && (wanted.outcome === "" || card.outcome === wanted.outcome)
      && (wanted.person === "" || card.answers.has(wanted.person))
      && between;
  }

  function gallery() {
    const form = one("filters");
    const cards = all("#cards .card").map(describe);
    const classes = JSON.parse(one("classes").textContent);
    const inputs = { targets: one("targets"), kind: one("kind"), outcome: one("outcome"), person: one("answered"), least: one("least"), most: one("most") };
    let room = PAGE;

    function wanted() {
      const values = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
      const [least, most] = [Number(values.least), Number(values.most)];
      return { ...values, least, most, whole: least === 0 && most === Number(inputs.most.max) };
    }

    function show() {
      const now = wanted();
      let number = 0;
      for (const card of cards) {
        const fit = fits(card, now);
        card.element.hidden = !fit;
        if (fit) number += 1;
        card.element.classList.toggle("beyond", fit && number > room);
        card.own.hidden = now.person === "";
        card.own.textContent = fit && now.person !== "" ? `${now.person}: ${classes[card.answers.get(now.person)]}` : "";
      }
      const seen = Math.min(room, number);
      one("fit").textContent = `${written(number)} of ${written(cards.length)} stimuli fit`;
      one("seen").textContent = seen < number ? `, ${written(seen)} of them are shown` : "";
      one("further").hidden = seen === number;
    }

    function again() {
      room = PAGE;
      // one slider pushes the other
      for (const [input, text] of [[inputs.least, "from"], [inputs.most, "to"]]) {
        form.querySelector(`output[for="${input.id}"]`).textContent = input.value;
        input.setAttribute("aria-valuetext", `${text} ${input.value} bits`);
      }
      show();
    }

    function further(number) {
      room = number;
      show();
      if (one("further").hidden) one("found").focus();
    }

    inputs.least.addEventListener("input", () => { if (Number(inputs.least.value) > Number(inputs.most.value)) inputs.most.value = inputs.least.value; });
    inputs.most.addEventListener("input", () => { if (Number(inputs.most.value) < Number(inputs.least.value)) inputs.least.value = inputs.most.value; });
    for (const event of ["input", "change"]) form.addEventListener(event, again);
    form.addEventListener("submit", (event) => event.preventDefault());
    one("clear").addEventListener("click", () => { form.reset(); again(); });
    one("more").addEventListener("click", () => further(room + PAGE));
    one("rest").addEventListener("click", () => further(cards.length));
    for (const button of all("button.see")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        form.reset();
        inputs.person.value = button.dataset.person;
        again();
        one("stimuli").scrollIntoView();
        inputs.person.focus({ preventScroll: true });
      });
    }
    form.hidden = false;
    again();
  }

  function people() {
    const select = one("person");
    const sections = all(".person");
    const named = (hash) => sections.find((section) => `#${section.id}` === hash);

    function show(name) {
      select.value = name;
      for (const section of sections) section.hidden = name !== "" && section.id !== `participant-${name}`;
    }

    const name = (section) => section.id.replace("participant-", "");
    // before the browser goes there
    for (const link of all("#overview a")) link.addEventListener("click", () => show(name(named(link.hash))));
    window.addEventListener("hashchange", () => { if (named(location.hash)) show(name(named(location.hash))); });
    select.addEventListener("change", () => show(select.value));
    one("who").hidden = false;
    if (sections.length > 0) show(name(named(location.hash) || sections[0]));
  }

  // paper shows what is folded
  function printing() {
    let opened = [];
    window.addEventListener("beforeprint", () => {
      opened = all("details:not([open])");
      for (const part of opened) part.open = true;
    });
    window.addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
  }

  gallery();
  people();
  printing();
})();
