// Sends an example to the service and shows its answer; opens what a link within the page points at.
"use strict";

function opened() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

async function asked(form) {
  const body = form.querySelector("textarea").value;
  const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
  const answer = await fetch(form.dataset.path, { method: "POST", headers, body });
  return [answer.status, JSON.stringify(await answer.json(), null, 2)];
}

for (const form of document.querySelectorAll("form.try")) {
  const [status, shown] = [form.querySelector("output"), form.querySelector("pre")];
  let sent = 0;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const turn = ++sent;
    status.textContent = form.dataset.wait;
    const [said, answer] = await asked(form).catch(() => [form.dataset.failed, ""]);
    if (turn !== sent) return; // something else was asked since
    [status.textContent, shown.textContent] = [said, answer];
    shown.hidden = !answer;
  });
}
window.addEventListener("hashchange", opened);
opened();
