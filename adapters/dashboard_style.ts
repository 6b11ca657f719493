/** The style sheet: two themes of one palette, dense tables, and a layout that folds for a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f2; --surface: #fff; --raised: #fbfaf8; --line: #e4e1da; --line-strong: #cfcbc2;
  --text: #1d1c1a; --quiet: #625e57; --accent: #8a4b00; --accent-ground: #fdf1de; --focus: #1d62c4;
  --good: #1b7342; --good-ground: #e5f3ea; --bad: #b3261e; --bad-ground: #fbe9e7;
  --warn: #8a5300; --warn-ground: #fdf0d9; --busy: #1f5fae; --busy-ground: #e6effa;
  --later: #65489f; --later-ground: #f0eaf9; --idle: #5c5852; --idle-ground: #efede8;
  --bar-good: #63a97f; --bar-warn: #e0a443; --bar-bad: #d2574c; --line-wait: #8f72c7; --line-run: #2d6fc0;
  --shadow: 0 1px 2px rgb(30 25 15 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #141517; --surface: #1b1d20; --raised: #202226; --line: #2c2f34; --line-strong: #41454c;
    --text: #e9e7e2; --quiet: #a3a098; --accent: #f2b45c; --accent-ground: #33280f; --focus: #7fb2ff;
    --good: #74cf9a; --good-ground: #17301f; --bad: #ff9389; --bad-ground: #3a1c1a;
    --warn: #f0bb63; --warn-ground: #35280f; --busy: #8bbcf7; --busy-ground: #16283f;
    --later: #c3abf2; --later-ground: #2a2140; --idle: #b3afa7; --idle-ground: #2a2b2d;
    --bar-good: #4c9a6b; --bar-warn: #c98f35; --bar-bad: #d8625a; --line-wait: #a78be0; --line-run: #6aa5ef;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 14px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-feature-settings: "tnum"; display: grid; grid-template-columns: 216px minmax(0, 1fr); min-height: 100vh; }
a { color: inherit; text-decoration-color: var(--line-strong); text-underline-offset: 3px; }
a:hover { text-decoration-color: currentcolor; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
h1, h2, h3, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; }
ol, ul { list-style: none; }
code, pre, .mono { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.skip { position: absolute; left: -999px; top: 8px; z-index: 9; background: var(--surface); padding: 8px 12px; }
.skip:focus { left: 8px; }
.unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.quiet { color: var(--quiet); }
.num { text-align: right; white-space: nowrap; }

.side { padding: 20px 12px; display: flex; flex-direction: column; gap: 20px;
  position: sticky; top: 0; height: 100vh; }
.brand { display: flex; gap: 10px; align-items: center; text-decoration: none; padding: 0 8px; min-width: 0; }
.brand svg { flex: none; }
.brand b { display: block; font-size: 15px; line-height: 1.2; letter-spacing: -.01em; }
.brand span { display: block; color: var(--quiet); font-size: 12px; overflow: hidden; text-overflow: ellipsis; }
.side nav ul { display: grid; gap: 2px; }
.side nav a { display: flex; justify-content: space-between; gap: 8px; padding: 6px 8px; border-radius: 6px;
  text-decoration: none; color: var(--quiet); font-weight: 500; }
.side nav a:hover { background: var(--idle-ground); color: var(--text); }
.side nav a[aria-current] { background: var(--surface); color: var(--text); box-shadow: 0 0 0 1px var(--line); }
.side nav a i { font-style: normal; font-size: 12px; line-height: 21px; }
.side nav a i.bad { color: var(--bad); font-weight: 600; }
.side footer { margin-top: auto; padding: 0 8px; font-size: 12px; color: var(--quiet); display: grid; gap: 4px; }
.live::before { content: ""; display: inline-block; width: 7px; height: 7px; border-radius: 50%; margin-right: 7px;
  background: var(--line-strong); }
.live.on::before { background: var(--good); }
.live.off::before { background: var(--bad); }

main { border-left: 1px solid var(--line); padding: 24px clamp(16px, 3vw, 40px) 64px; width: 100%; display: grid; gap: 20px;
  align-content: start; }
main > header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; min-height: 32px; }
h1 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -.015em; margin-right: auto;
  overflow-wrap: anywhere; }
h2 { font-size: 13px; font-weight: 650; }
.panel { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow);
  min-width: 0; }
.panel > header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; padding: 12px 16px 10px; }
.panel > header h2 { margin-right: auto; }
.panel > header a, .panel > header span { font-size: 12px; color: var(--quiet); }
.panel > p, .panel > .body { padding: 0 16px 14px; }
main > * { max-width: 1280px; width: 100%; }
.stack { display: grid; gap: 20px; min-width: 0; }
.two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; align-items: start; }
.notice { background: var(--accent-ground); border: 1px solid transparent; border-radius: 8px; padding: 9px 14px; }
.notice.bad { background: var(--bad-ground); color: var(--bad); }

.tiles { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); }
.tiles > * { padding: 14px 16px 13px; text-decoration: none; border-left: 1px solid var(--line); display: block;
  min-width: 0; }
.tiles > :first-child { border-left: 0; }
.tiles a:hover { background: var(--raised); }
.tiles .label { display: block; font-size: 12px; color: var(--quiet); font-weight: 500; }
.tiles strong { display: block; font-size: 26px; line-height: 1.25; font-weight: 600; letter-spacing: -.025em; }
.tiles strong.bad { color: var(--bad); }
.tiles small { display: block; font-size: 12px; color: var(--quiet); white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }

.chart { padding: 0 16px 12px; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; }
.chart svg { width: 100%; height: 132px; display: block; border-bottom: 1px solid var(--line-strong); overflow: visible; }
.chart .y { display: flex; flex-direction: column; justify-content: space-between; text-align: right; min-width: 28px; }
.chart .x { grid-column: 2; display: flex; justify-content: space-between; padding-top: 4px; }
.chart .x, .chart .y { font-size: 11px; line-height: 1; color: var(--quiet); }
.chart .grid { stroke: var(--line); vector-effect: non-scaling-stroke; }
.f-good { fill: var(--bar-good); } .f-warn { fill: var(--bar-warn); } .f-bad { fill: var(--bar-bad); }
.f-hit { fill: transparent; } g:hover > .f-hit { fill: var(--text); fill-opacity: .06; }
.l { fill: none; stroke-width: 1.75; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.l-run { stroke: var(--line-run); } .l-slow { stroke: var(--bar-warn); }
.l-wait { stroke: var(--line-wait); stroke-dasharray: 3 3; }
.a-run { fill: var(--line-run); fill-opacity: .1; }
.f-run { fill: var(--line-run); } .f-wait { fill: var(--line-strong); }
.key { display: inline-flex; gap: 6px; align-items: center; }
.key svg { width: 10px; height: 10px; }

.scroll { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-size: 12px; font-weight: 500; color: var(--quiet); padding: 6px 12px; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
td { padding: 8px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--raised); }
.list td:first-child { width: 100%; max-width: 0; }
th:first-child, td:first-child { padding-left: 16px; } th:last-child, td:last-child { padding-right: 16px; }
.task { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; }
.task .args { flex: 0 1 auto; min-width: 0; }
.task .name { font-weight: 550; text-decoration: none; overflow-wrap: anywhere; }
.task .name:hover { text-decoration: underline; }
.args { display: block; color: var(--quiet); max-width: 100%; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.why { display: block; color: var(--bad); overflow-wrap: anywhere; max-width: 80ch; }
td form { display: inline; }
.nowrap { white-space: nowrap; }
td .actions { flex-wrap: nowrap; justify-content: flex-end; gap: 6px; }

.badge { display: inline-flex; align-items: center; gap: 6px; border-radius: 999px; padding: 1px 9px; font-size: 12px;
  font-weight: 550; white-space: nowrap; background: var(--idle-ground); color: var(--idle); }
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
.badge.warn { background: var(--warn-ground); color: var(--warn); }
.badge.busy { background: var(--busy-ground); color: var(--busy); }
.badge.later { background: var(--later-ground); color: var(--later); }

.tabs { display: flex; gap: 2px; overflow-x: auto; border-bottom: 1px solid var(--line); padding: 0 8px; }
.tabs a { padding: 10px 10px 9px; text-decoration: none; color: var(--quiet); font-weight: 500; white-space: nowrap;
  border-bottom: 2px solid transparent; margin-bottom: -1px; }
.tabs a:hover { color: var(--text); }
.tabs a[aria-current] { color: var(--text); border-color: var(--accent); }
.tabs i { font-style: normal; font-size: 12px; color: var(--quiet); margin-left: 4px; }
.switch { display: inline-flex; border: 1px solid var(--line-strong); border-radius: 7px; overflow: hidden; }
.switch a { padding: 3px 11px; text-decoration: none; font-size: 13px; color: var(--quiet); }
.switch a[aria-current] { background: var(--surface); color: var(--text); font-weight: 550; }
.filter { display: flex; flex-wrap: wrap; gap: 8px; padding: 12px 16px; }
.filter label { font-size: 12px; color: var(--quiet); display: grid; gap: 3px; }
.filter label.grow { flex: 1 1 220px; }
input, select, button, .button { font: inherit; color: var(--text); background: var(--surface);
  border: 1px solid var(--line-strong); border-radius: 7px; padding: 5px 11px; min-height: 32px; }
input, select { width: 100%; min-width: 0; }
button, .button { display: inline-flex; align-items: center; justify-content: center; cursor: pointer; font-weight: 550; font-size: 13px; text-decoration: none; white-space: nowrap; }
button:hover, .button:hover { background: var(--raised); border-color: var(--quiet); }
button.small, .button.small { min-height: 26px; padding: 1px 9px; font-size: 12px; }
button.danger, .button.danger { color: var(--bad); }
button.primary { background: var(--text); color: var(--surface); border-color: var(--text); }
button.primary:hover { opacity: .88; }
.filter button { align-self: end; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.ask { position: relative; }
.ask > summary { list-style: none; } .ask > summary::-webkit-details-marker { display: none; }
.ask[open] > form { position: absolute; right: 0; top: calc(100% + 6px); z-index: 5; width: 260px; padding: 14px;
  background: var(--surface); border: 1px solid var(--line-strong); border-radius: 10px; display: grid; gap: 10px;
  box-shadow: 0 8px 28px rgb(0 0 0 / 18%); white-space: normal; }
.scroll .ask[open] > form { position: static; width: auto; margin-top: 6px; box-shadow: none; }
.more { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 12px; align-items: center; padding: 10px 16px;
  border-top: 1px solid var(--line); color: var(--quiet); font-size: 13px; }

.empty { padding: 30px 20px 34px; text-align: center; display: grid; gap: 6px; justify-items: center; color: var(--quiet); }
.empty b { color: var(--text); font-weight: 600; }
.empty p { max-width: 54ch; }
.empty pre { text-align: left; max-width: 100%; }
pre { margin: 0; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px;
  overflow: auto; max-height: 420px; white-space: pre-wrap; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 14px 20px;
  padding: 14px 16px; }
.facts > :first-child { grid-column: span 2; }
.facts dt { font-size: 12px; color: var(--quiet); }
.facts dd { overflow-wrap: anywhere; font-weight: 500; }
.values { display: grid; gap: 10px; }
.values h3 { font-size: 12px; font-weight: 500; color: var(--quiet); margin-bottom: 3px; }

.flow { display: flex; flex-wrap: wrap; align-items: stretch; gap: 8px 0; padding: 2px 16px 16px; }
.flow li { display: flex; align-items: center; }
.flow li + li::before { content: ""; width: 26px; height: 1px; background: var(--line-strong); }
.flow li + li .node { position: relative; }
.flow li + li .node::before { content: ""; position: absolute; left: -7px; top: calc(50% - 4px);
  border: 4px solid transparent; border-left: 6px solid var(--line-strong); border-right: 0; }
.flow .node { display: grid; gap: 3px; border: 1px solid var(--line-strong); border-radius: 8px; padding: 7px 12px;
  text-decoration: none; background: var(--raised); min-width: 120px; justify-items: start; }
.flow a.node:hover { border-color: var(--quiet); }
.flow .node.here { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); background: var(--surface); }
.flow .side-path { border-style: dashed; }
.flow b { font-weight: 600; overflow-wrap: anywhere; }
.flow small { color: var(--quiet); }

.attempts > li { padding: 12px 16px 14px; border-top: 1px solid var(--line); display: grid; gap: 8px; }
.attempts .head { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; }
.attempts summary { cursor: pointer; color: var(--bad); overflow-wrap: anywhere; }
.attempts pre { margin-top: 8px; }
.span { width: 100%; height: 10px; display: block; border-radius: 3px; background: var(--idle-ground); }
.rows > li { display: flex; gap: 4px 12px; align-items: baseline; padding: 8px 16px; border-top: 1px solid var(--line); }
.rows > li > :first-child { flex: 1; min-width: 0; }
.rows .why { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
  color: var(--bad); overflow-wrap: anywhere; }

@media (max-width: 1080px) { .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .tiles > :nth-child(4) { border-left: 0; } .tiles > :nth-child(n + 4) { border-top: 1px solid var(--line); } }
@media (max-width: 860px) {
  body { display: block; }
  .side { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); padding: 12px 0 0; gap: 10px; }
  .brand { padding: 0 16px; }
  .side nav { overflow-x: auto; padding: 2px 8px 8px; }
  .side nav ul { display: flex; }
  .side nav a { white-space: nowrap; }
  .side footer { position: absolute; right: 16px; top: 18px; margin: 0; padding: 0; }
  .side footer span:not(.live) { display: none; }
  .two { grid-template-columns: minmax(0, 1fr); }
  main { border: 0; padding-top: 16px; gap: 16px; }
}
@media (max-width: 620px) {
  .wide { display: none; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tiles > :nth-child(odd) { border-left: 0; } .tiles > :nth-child(even) { border-left: 1px solid var(--line); }
  .tiles > :nth-child(n + 3) { border-top: 1px solid var(--line); }
  .tiles strong { font-size: 22px; }
  .cards thead { position: absolute; clip-path: inset(50%); }
  .cards tbody tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; border-bottom: 1px solid var(--line); }
  .cards tbody tr:last-child { border-bottom: 0; }
  .cards td { border: 0; }
  .cards td:first-child { width: auto; max-width: none; grid-row: 1 / span 2; }
  .cards td + td:not(.do) { grid-column: 2; padding-bottom: 0; }
  .cards td.do { grid-column: 1 / -1; padding: 0 16px 12px; }
  .cards td.do .actions { justify-content: flex-start; }
  .ask[open] > form { right: auto; left: 0; }
  button, .button, input, select { min-height: 38px; padding-block: 8px; }
  button.small, .button.small { min-height: 34px; }
  .flow { flex-direction: column; gap: 0; }
  .flow li { flex-direction: column; align-items: stretch; }
  .flow li + li::before { width: 1px; height: 16px; margin-left: 20px; align-self: flex-start; }
  .flow li + li .node::before { left: 16px; top: -7px; border: 4px solid transparent;
    border-top: 6px solid var(--line-strong); border-bottom: 0; }
}
@media (prefers-reduced-motion: no-preference) { .live.on::before { animation: breathe 2.4s ease-in-out infinite; } }
@keyframes breathe { 50% { opacity: .35; } }
@media print { .side, .actions, .filter { display: none; } body { display: block; } }
`;
