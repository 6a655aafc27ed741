// The composer works without this. With it, texts are counted as they are written, by the server, which knows how
// each platform counts; and only what belongs to the chosen accounts is shown.
"use strict";

for (const form of document.querySelectorAll("form[data-composer]")) {
  const measures = form.querySelector("#measures");
  let waiting = 0;
  let asked = 0;

  const chosen = () => new Set(Array.from(form.querySelectorAll("[name=accounts]:checked"), (box) => box.value));

  const measure = async () => {
    const said = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (name === "csrfmiddlewaretoken" || name === "accounts" || name === "text" || /^account-.*-text$/.test(name)) {
        said.append(name, value);
      }
    }
    const turn = ++asked;
    try {
      const answer = await fetch(measures.dataset.address, { method: "POST", body: said });
      const lines = answer.ok ? await answer.text() : "";
      if (turn === asked && lines) measures.innerHTML = lines; // escaped by the server's template
    } catch {
      // Without an answer the last count stays.
    }
  };

  const show = () => {
    const accounts = chosen();
    const boxes = form.querySelectorAll("[name=accounts]:checked");
    const platforms = new Set(Array.from(boxes, (box) => box.dataset.platform));
    for (const group of form.querySelectorAll("fieldset[data-platforms]")) {
      const theirs = group.dataset.platforms.split(" ").some((platform) => platforms.has(platform));
      group.hidden = !theirs && !group.querySelector("[aria-invalid=true]");
    }
    for (const block of form.querySelectorAll("details[data-account]")) {
      block.hidden = !accounts.has(block.dataset.account) && !block.querySelector("[aria-invalid=true]");
    }
  };

  form.addEventListener("input", (event) => {
    const { name } = event.target;
    if (name === "accounts") show();
    if (name !== "accounts" && name !== "text" && !/^account-.*-text$/.test(name)) return;
    clearTimeout(waiting);
    waiting = setTimeout(measure, 400);
  });
  show();
}
