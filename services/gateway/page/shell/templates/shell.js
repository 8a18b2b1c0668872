// Keeps an open page true: each event is a section drawn anew by the server.
(() => {
  const root = document.documentElement, sign = document.getElementById('live');
  if (!root.dataset.live || !sign || !window.EventSource) return;
  const tell = (text, lost) => {
    sign.hidden = false;
    sign.textContent = text;
    sign.classList.toggle('lost', lost);
  };
  const source = new EventSource(root.dataset.live);
  source.onopen = () => tell(root.dataset.alive, false);
  source.onerror = () => tell(root.dataset.lost, true);
  source.addEventListener('section', (event) => {
    const { id, version, html } = JSON.parse(event.data);
    const old = document.getElementById(id);
    if (!old || old.dataset.version === version) return;
    const holder = document.createElement('template');
    holder.innerHTML = html;
    const fresh = holder.content.firstElementChild;
    // What the reader has opened or stands on must not jump away.
    if (old.querySelector('details[open]')) fresh.querySelector('details')?.setAttribute('open', '');
    const held = old.contains(document.activeElement) && document.activeElement.getAttribute('href');
    old.replaceWith(fresh);
    fresh.classList.add('moved');
    if (held) [...fresh.querySelectorAll('a')].find((a) => a.getAttribute('href') === held)?.focus();
  });
  // A page that is kept for the way back must not hold a connection.
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
})();
