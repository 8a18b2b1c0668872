// Follows links within a page without a jump: the answer is the same page, of which
// the main part is put in. Without this script they are links.
(() => {
  const main = () => document.getElementById('audience');
  // What keeps a page true is told of one address: such a page is opened anew.
  if (!main() || !window.fetch || document.documentElement.dataset.live) return;
  let last = 0;
  const show = async (url, push) => {
    const turn = ++last, at = document.activeElement?.getAttribute('href'), name = document.activeElement?.textContent;
    const open = [...main().querySelectorAll('details')].map((d) => d.open);
    main().classList.add('busy');
    try {
      const answer = await fetch(url, { headers: { Accept: 'text/html' } });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.getElementById('audience');
      if (turn !== last) return;
      if (!fresh) throw new Error('not such a page');
      main().replaceWith(fresh);
      document.title = page.title;
      document.getElementById('told').textContent = fresh.querySelector('.value strong')?.textContent ?? '';
      for (const pick of ['.langs', '.bar ul', '.out']) document.querySelector(pick)?.replaceWith(page.querySelector(pick));
      [...fresh.querySelectorAll('details')].forEach((d, i) => { if (open[i]) d.open = true; });
      if (push) history.pushState(null, '', url);
      const links = [...fresh.querySelectorAll('a')];
      (links.find((a) => at && a.getAttribute('href') === at) || links.find((a) => name && a.textContent === name))?.focus({ preventScroll: true });
    } catch {
      location.assign(url);
    }
  };
  const within = (url) => url.origin === location.origin && url.pathname === location.pathname;
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('main a');
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (!within(url)) return;
    event.preventDefault();
    link.focus({ preventScroll: true });
    show(url.href, true);
  });
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'get' || !form.closest('main')) return;
    const url = new URL(form.action);
    if (!within(url)) return;
    event.preventDefault();
    url.search = new URLSearchParams(new FormData(form)).toString();
    show(url.href, true);
  });
  addEventListener('popstate', () => show(location.href, false));
})();
