// Where it runs, what is tapped is saved at once and screens turn without loading anew.
// Whatever goes wrong here is left to the form, which needs none of this.
(() => {
  const sheet = () => document.getElementById('sheet');
  const form = () => document.getElementById('survey');
  const tell = (word) => {
    const sign = document.getElementById('kept');
    if (sign) sign.textContent = word ? form().dataset[word] : '';
  };
  if (!form() || !window.fetch || !window.DOMParser) return;
  const send = (action, accept) => {
    const body = new URLSearchParams(new FormData(form()));
    body.set('do', action);
    return fetch(form().action, { method: 'POST', body, headers: { Accept: accept } });
  };
  let last = Promise.resolve(), timer = 0;
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    tell('saving');
    // One after the other: what was tapped last must be what is kept.
    last = last.then(() => send('save', 'text/plain')).then((answer) => {
      if (answer.status !== 204) throw new Error(String(answer.status));
      tell('saved');
    }).catch(() => tell('lost'));
  };
  document.addEventListener('change', (event) => { if (form()?.contains(event.target)) save(); });
  document.addEventListener('input', (event) => {
    if (event.target.tagName !== 'TEXTAREA') return;
    clearTimeout(timer);
    timer = setTimeout(save, 800);
  });
  const turn = (html, address) => {
    const next = new DOMParser().parseFromString(html, 'text/html');
    const fresh = next.getElementById('sheet');
    if (!fresh) return location.assign(address);
    sheet().replaceWith(document.adoptNode(fresh));
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    if (address !== location.href) history.pushState(null, '', address);
    scrollTo(0, 0);
    (document.getElementById('problems') || document.getElementById('top'))?.focus();
  };
  let busy = false;
  document.addEventListener('submit', (event) => {
    if (event.target !== form() || busy) return event.preventDefault();
    event.preventDefault();
    busy = true;
    clearTimeout(timer);
    const action = event.submitter?.value || 'next';
    last = last.then(() => send(action, 'text/html')).then(async (answer) => {
      // Where nobody could take it, what was typed must stay where it is.
      if (answer.status === 429 || answer.status === 502 || answer.status === 504) throw new Error(String(answer.status));
      turn(await answer.text(), answer.url);
    })
      .catch(() => tell('lost')).finally(() => { busy = false; });
  });
  // A way within the page is none through its history.
  document.addEventListener('click', (event) => {
    const to = event.target.closest('.problems a');
    if (!to) return;
    event.preventDefault();
    const question = document.querySelector(to.hash);
    question.focus();
    question.scrollIntoView({ block: 'center' });
  });
  addEventListener('popstate', () => location.reload());
})();
