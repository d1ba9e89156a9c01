// The study: what a list says, shown with jsPsych, saved block by block by the page's transport.
class BamStop extends Error {
  // `word` names a text of the interface that says why the study cannot go on
  constructor(word, detail = "") {
    super(detail || word);
    this.word = word;
    this.detail = detail;
  }
}

function bamOutsideId(parameters = Object.fromEntries(new URLSearchParams(location.search))) {
  return parameters.PROLIFIC_PID || null;
}

function bamAskedList() {
  return new URLSearchParams(location.search).get("list");
}

// what the browser keeps for the next opening of this page; where it keeps nothing for us, the study goes on without
function bamKept(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

(() => {
  const design = window.BAM_DESIGN;
  const words = design.texts;
  const transport = window.BAM_TRANSPORT;
  // px of a window in which picture and buttons can be used
  const NARROWEST = 300;
  const LOWEST = 300;
  const keys = design.task === "judgment" ? ["f", "j"] : design.keys;
  const say = (word, values = {}) => words[word].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const escape = (text) => text.replace(/[&<>"]/g, (mark) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[mark]);
  // a class says which key is its own where its name does not
  const named = (label, index) => (label.toLowerCase() === keys[index] ? escape(label) : `<kbd>${keys[index].toUpperCase()}</kbd> ${escape(label)}`);
  const choices = design.task === "judgment" ? [say("no"), say("yes")].map(escape) : design.labels.map(named);
  const answers = ["answers", design.task, ...(design.labels.some((label) => label.length > 2) ? ["named"] : [])];
  const source = (trial) => `stimuli/${trial.stimulus_id}.png`;

  function show(html) {
    document.body.innerHTML = `<main class="jspsych-content-wrapper jspsych-display-element"><div class="jspsych-content page">${html}</div></main>`;
  }

  function stop(error) {
    const known = error instanceof BamStop && error.word !== "study_error";
    show(`<p role="alert">${escape(known ? say(error.word) : `${say("study_error")}: ${error.message}`)}</p>`);
  }

  // one tab at a time; where the browser knows no locks or gives us none, the server still refuses the older tab
  function alone() {
    if (!navigator.locks || window.BAM_TRANSPORT.leave) return Promise.resolve(true);
    return new Promise((resolve) => {
      const held = (lock) => {
        resolve(lock !== null);
        return lock === null ? null : new Promise(() => {});
      };
      navigator.locks.request(`bam-${design.name}`, { ifAvailable: true }, held).catch(() => resolve(true));
    });
  }

  // before a place is taken: a telephone can be turned, a window be made larger
  function room() {
    return new Promise((resolve) => {
      const look = () => {
        if (window.innerWidth < NARROWEST || window.innerHeight < LOWEST) {
          show(`<p role="alert">${escape(say("window_small"))}</p>`);
          return;
        }
        window.removeEventListener("resize", look);
        document.body.innerHTML = "";
        resolve();
      };
      window.addEventListener("resize", look);
      look();
    });
  }

  function loadList(number) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `lists/${number}.js`;
      script.onload = () => resolve(window.BAM_LIST);
      script.onerror = () => reject(new BamStop("study_unknown"));
      document.head.append(script);
    });
  }

  // a long page is read from its top, though keys go to a button at its end
  function begin(selector) {
    // optional: nothing is drawn when jsPsych simulates
    document.querySelector(selector)?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  function page(html, label) {
    return {
      type: jsPsychHtmlMultiResponse,
      stimulus: `<div class="page">${html}</div>`,
      button_choices: [label],
      button_html: (choice) => `<button type="button" class="forward">${escape(choice)}</button>`,
      on_load: () => begin("button.forward"),
    };
  }

  const heading = 'role="heading" aria-level="1"';
  const note = (text) => page(`<p class="page short" ${heading}>${escape(text)}</p>`, say("continue"));

  function picture(trial) {
    const size = `width="${design.image_width}" height="${design.image_height}"`;
    return `<div class="stimulus"><img src="${source(trial)}" ${size} alt="${escape(say("picture"))}"></div>`;
  }

  const asked = (html) => `<p class="question" ${heading}>${escape(say(`question_${design.task}`))}</p>${html}`;

  function answerTrial(trial, block, jsPsych, progress) {
    return {
      type: jsPsychHtmlMultiResponse,
      css_classes: "trial",
      stimulus: asked(picture(trial)),
      keyboard_choices: keys,
      button_choices: choices,
      button_html: (choice) => `<button type="button">${choice}</button>`,
      data: { ...trial, task: design.task, block },
      on_load: () => document.querySelector("#jspsych-html-multi-response-btngroup")?.classList.add(...answers),
      on_finish: (data) => {
        // the answer's number is what is read back; a key of the judgment task is no number
        const answer = data.response_source === "button" ? data.button_response : keys.indexOf(data.keyboard_response);
        data.response = answer;
        if (data.response_source === "keyboard") data.keyboard_response = String(answer);
        data.started_at_ms = Math.max(0, Math.round(data.time_elapsed - data.rt));
        if (trial.phase !== "practice") {
          jsPsych.progressBar.progress = progress;
          document.querySelector("#jspsych-progressbar-outer")?.setAttribute("aria-valuenow", Math.round(100 * progress));
        }
      },
    };
  }

  const pause = (html, duration) => ({ type: jsPsychHtmlKeyboardResponse, stimulus: html, choices: "NO_KEYS", trial_duration: duration });

  // everything that the picture's page has, unseen, so that the cross stands where the picture's middle will be
  function fixation() {
    const size = `style="aspect-ratio: ${design.image_width} / ${design.image_height}; width: ${design.image_width}px"`;
    const buttons = choices.map((choice) => `<div><button type="button">${choice}</button></div>`).join("");
    const html = `<div>${asked(`<div class="cross" ${size}>+</div>`)}</div><div class="${answers.join(" ")}">${buttons}</div>`;
    return { ...pause(`<div class="fixation" aria-hidden="true">${html}</div>`, design.fixation_ms), css_classes: "trial", save_trial_parameters: { stimulus: false } };
  }

  function feedback(trial, jsPsych) {
    const judged = trial.expected_response === 1 ? "wrong_yes" : "wrong_no";
    const wrong = design.task === "judgment" ? say(judged) : say("wrong", { n: design.labels[trial.expected_response] });
    const text = () => (jsPsych.data.get().last(1).values()[0].response === trial.expected_response ? say("right") : wrong);
    return pause(() => `<p class="message" role="status">${escape(text())}</p>`, 1200);
  }

  // what a form says whose parts are all given; of one that was declined nothing is known
  function measured({ card_px, card_mm, distance_cm }) {
    if (card_px === undefined) return { viewing_distance_cm: null, image_degrees: null };
    // a picture is never wider than study.css lets it be
    const width = Math.min(design.image_width, 0.9 * window.innerWidth);
    const millimetres = (width * Number(card_mm)) / Number(card_px);
    const distance = Number(distance_cm);
    return { viewing_distance_cm: distance, image_degrees: (2 * Math.atan(millimetres / 20 / distance) * 180) / Math.PI };
  }

  function screenForm(jsPsych) {
    // a telephone is narrower than a card is long
    const upright = window.innerWidth < 600;
    const html = `<div class="page">${words.screen}
      <div><div class="width"><label for="card">${escape(say("card_width"))}</label>
      <input id="card" name="card_px" type="range" min="150" max="900" value="${upright ? 240 : 320}"></div>
      <input name="card_mm" type="hidden" value="${upright ? 53.98 : 85.6}">
      <div class="card ${upright ? "upright" : ""}" id="box"></div></div>
      <label for="distance">${escape(say("distance"))}</label>
      <input id="distance" name="distance_cm" type="number" min="20" max="200" required><p></p></div>`;
    return {
      type: jsPsychSurveyHtmlForm,
      html,
      button_label: say("continue"),
      on_load: () => prepareForm(document.querySelector("#jspsych-survey-html-form")),
      // every trial of the sitting carries them, into the trial table
      on_finish: (data) => jsPsych.data.addProperties(measured(data.response)),
    };
  }

  // goes on when both were measured, so that what it shows at first is never taken for an answer, or when declined
  function prepareForm(form) {
    if (form === null) return;
    const [card, distance, forward] = ["#card", "#distance", "[type=submit]"].map((one) => form.querySelector(one));
    const box = form.querySelector("#box");
    const decline = document.createElement("button");
    let moved = false;
    const draw = () => { box.style.width = `${card.value}px`; };
    const look = () => { forward.disabled = !moved || !distance.checkValidity(); };
    decline.type = "button";
    decline.id = "decline";
    decline.textContent = say("not_measured");
    decline.addEventListener("click", () => {
      // a form leaves out what is disabled
      for (const input of form.querySelectorAll("input")) input.disabled = true;
      form.dispatchEvent(new Event("submit", { cancelable: true }));
    });
    card.max = Math.min(card.max, card.clientWidth);
    card.addEventListener("input", () => { moved = true; draw(); look(); });
    distance.addEventListener("input", look);
    form.append(decline);
    draw();
    look();
    begin("#card");
  }

  function saving(number, jsPsych, sent) {
    return {
      type: jsPsychCallFunction,
      async: true,
      func: (done) => {
        const element = jsPsych.getDisplayElement();
        element.innerHTML = `<p class="message" role="status">${escape(say("saving"))}</p>`;
        const trouble = (there) => {
          element.innerHTML = `<p class="message ${there ? "trouble" : ""}" role="alert">${escape(say(there ? "save_failed" : "saving"))}</p>`;
        };
        transport.save(design, number, sent.fresh(), trouble).then(() => done(), (error) => {
          sent.refused = true;
          jsPsych.abortExperiment();
          stop(error);
        });
      },
    };
  }

  // what jsPsych has noted since the last block was sent, interactions among it
  function outbox(jsPsych) {
    let records = 0;
    let interactions = 0;
    return {
      refused: false,
      fresh() {
        const all = jsPsych.data.get().values();
        const watched = jsPsych.data.getInteractionData().values();
        const fresh = [...all.slice(records), ...watched.slice(interactions)];
        [records, interactions] = [all.length, watched.length];
        return fresh;
      },
    };
  }

  function blockTimeline(block, index, blocks, jsPsych, sent, counted) {
    const timeline = [{ type: jsPsychPreload, images: [...new Set(block.trials.map(source))], show_progress_bar: false }];
    for (const trial of block.trials) {
      if (trial.phase !== "practice") counted.done += 1;
      timeline.push(fixation(), answerTrial(trial, block.number, jsPsych, counted.done / counted.all));
      if (trial.phase === "practice") timeline.push(feedback(trial, jsPsych));
    }
    timeline.push(saving(block.number, jsPsych, sent));
    const main = blocks.filter((one) => one.number > 0);
    if (block.number === 0) timeline.push(note(say("start_main")));
    else if (index < blocks.length - 1) timeline.push(note(say("break", { n: main.indexOf(block) + 1, total: main.length })));
    return timeline;
  }

  // who comes back after practice is not told of it again
  function instructions(blocks) {
    const practice = blocks[0].number === 0 ? `<p>${escape(say(`practice_${design.task}`))}</p>` : "";
    return page(words[`instructions_${design.task}`] + practice, say("continue"));
  }

  function opening(jsPsych, place, blocks) {
    const browser = { type: jsPsychBrowserCheck, features: ["width", "height", "browser", "browser_version", "mobile", "os"] };
    const first = place.blocks.length === 0;
    const pages = first
      ? [page(words.welcome, say("continue")), page(words.consent, say("agree"))]
      : [note(say("resumed"))];
    // who comes back may sit at another screen, so its size is asked again
    const full = { type: jsPsychFullscreen, fullscreen_mode: true, message: `<p>${escape(say("fullscreen"))}</p>`, button_label: say("continue"), on_load: () => begin("#jspsych-fullscreen-btn") };
    return [browser, ...pages, ...(design.fullscreen ? [full] : []), ...(design.screen_size ? [screenForm(jsPsych)] : []), instructions(blocks)];
  }

  async function finish(trouble) {
    const message = await transport.finish(design, trouble);
    if (document.fullscreenElement) await document.exitFullscreen();
    show(`${words.debrief}${message ? `<p>${escape(say(message))}</p>` : ""}`);
    document.body.dataset.finished = "true";
    if (transport.leave) transport.leave();
    else if (design.completion_url) location.assign(design.completion_url);
  }

  function startTrouble(there) {
    if (there) show(`<p class="trouble" role="alert">${escape(say("save_failed"))}</p>`);
  }

  // what a screen reader can go to; jsPsych makes these parts and says nothing of them
  function markParts() {
    document.querySelector(".jspsych-content-wrapper")?.setAttribute("role", "main");
    const part = document.querySelector("#jspsych-progressbar-container:not([role])");
    if (part === null) return;
    part.setAttribute("role", "region");
    part.setAttribute("aria-label", say("progress"));
    const bar = part.querySelector("#jspsych-progressbar-outer");
    for (const [name, value] of [["role", "progressbar"], ["aria-label", say("progress")], ["aria-valuenow", "0"]]) bar.setAttribute(name, value);
  }

  async function run() {
    if (!(await alone())) throw new BamStop("other_tab");
    await room();
    const place = await transport.start(design, startTrouble);
    const list = await loadList(place.list);
    const blocks = list.blocks.filter((block) => !place.blocks.includes(block.number));
    if (blocks.length === 0) {
      await finish(startTrouble);
      return;
    }
    const jsPsych = initJsPsych({
      show_progress_bar: true,
      auto_update_progress_bar: false,
      message_progress_bar: escape(say("progress")),
      on_trial_start: markParts,
      on_finish: () => { if (!sent.refused) finish(startTrouble).catch(stop); },
    });
    const sent = outbox(jsPsych);
    const all = list.blocks.flatMap((block) => block.trials).filter((trial) => trial.phase !== "practice").length;
    const left = blocks.flatMap((block) => block.trials).filter((trial) => trial.phase !== "practice").length;
    const counted = { all, done: all - left };
    jsPsych.data.addProperties({ participant_id: place.participant_id, session: place.session, round: design.round, list: place.list, planned_trials: all, study: design.name });
    const timeline = [...opening(jsPsych, place, blocks), ...blocks.flatMap((block, index) => blockTimeline(block, index, blocks, jsPsych, sent, counted))];
    document.body.innerHTML = "";
    if (window.BAM_SIMULATE) await jsPsych.simulate(timeline, window.BAM_SIMULATE.mode, window.BAM_SIMULATE.options);
    else await jsPsych.run(timeline);
  }

  window.addEventListener("DOMContentLoaded", () => run().catch(stop));
})();
