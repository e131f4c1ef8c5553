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
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.textContent = form.dataset.wait;
    try {
      [status.textContent, shown.textContent] = await asked(form);
      shown.hidden = false;
    } catch {
      status.textContent = form.dataset.failed;
      shown.hidden = true;
    }
  });
}
window.addEventListener("hashchange", opened);
opened();
