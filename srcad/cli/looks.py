"""How a page looks and what it does: see `page`."""

STYLE = """
:root { color-scheme: light dark; --soft: #8886; --mark: #ffd54f66; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; }
header p, header h1 { margin: 0 1.5rem 0 0; display: inline-block; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 1rem 0 .3rem; }
input[name=tab] { position: absolute; opacity: 0; }
label { display: inline-block; margin: 1rem .3rem 0 0; padding: .2rem .8rem; border: 1px solid var(--soft);
        border-radius: .4rem; cursor: pointer; }
input:checked + label { background: var(--mark); }
input:focus-visible + label { outline: 2px solid; }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1rem; }
section { overflow: auto; max-height: 75vh; }
.made { display: none; }
#tab0:checked ~ main #made0, #tab1:checked ~ main #made1, #tab2:checked ~ main #made2 { display: block; }
pre { font: 13px/1.45 ui-monospace, monospace; margin: 0; min-width: max-content; }
.l { display: block; padding-right: 1rem; }
.l[data-k] { cursor: pointer; }
.l i { display: inline-block; width: 2.5rem; margin-right: 1rem; text-align: right; opacity: .5; font-style: normal;
       user-select: none; }
.on { background: var(--mark); }
b { color: light-dark(#8b2ca8, #d99bee); font-weight: normal; }
q { color: light-dark(#2a7a3b, #8fd19e); quotes: none; }
q::before, q::after { content: none; }
em { opacity: .6; font-style: normal; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .15rem .8rem .15rem 0; }
tr + tr td { border-top: 1px solid var(--soft); }
.right { color: light-dark(#1d7a36, #7fd195); } .wrong { color: light-dark(#b3261e, #ff8a80); font-weight: bold; }
footer { margin-top: 2rem; opacity: .6; }
@media (max-width: 800px) { main { grid-template-columns: minmax(0, 1fr); } }
"""

SCRIPT = """
const all = [...document.querySelectorAll('.l[data-k]')];
const of = key => all.filter(line => line.dataset.k === key);
let pinned = null;
function mark(key) {
  all.forEach(line => line.classList.toggle('on', line.dataset.k === key));
}
all.forEach(line => {
  const key = line.dataset.k;
  line.addEventListener('mouseenter', () => mark(key));
  line.addEventListener('mouseleave', () => mark(pinned));
  line.addEventListener('click', () => {
    pinned = pinned === key ? null : key;
    mark(pinned);
    const side = line.closest('section');
    const other = of(key).find(l => l.closest('section') !== side && l.offsetParent);
    if (pinned && other) other.scrollIntoView({ block: 'center', behavior: 'smooth' });
  });
});
"""
