// A page for paper: it prints by its button, and at once where its address asks for it (?print=yes).

for (const button of document.querySelectorAll('button[data-print]')) button.addEventListener('click', () => print());
if (new URLSearchParams(location.search).get('print') === 'yes') addEventListener('load', () => print());
