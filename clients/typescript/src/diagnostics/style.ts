// How the panel looks. One sheet in the shadow root, which no policy of the page's keeps out.

export const STYLE = `
:host{all:initial;position:fixed;z-index:2147483647;right:16px;bottom:16px;color-scheme:light dark;
--bg:light-dark(#fff,#16181d);--fg:light-dark(#1b1f27,#e8eaf0);--dim:light-dark(#5b6472,#9aa4b5);
--line:light-dark(#e3e6ec,#2b303a);--soft:light-dark(#f5f6f9,#1f232b);
--idle:light-dark(#7c8594,#7c8594);--connecting:light-dark(#2563eb,#6ea0ff);--open:light-dark(#15803d,#4ade80);
--degraded:light-dark(#b45309,#fbbf24);--reconnecting:light-dark(#7c3aed,#b794ff);
--failed:light-dark(#c2410c,#fb923c);--fallback:light-dark(#b91c1c,#f87171)}
:host([hidden]){display:none}
*{box-sizing:border-box;margin:0}
[role=region]{width:min(430px,calc(100vw - 32px));max-height:min(760px,calc(100vh - 32px));display:flex;flex-direction:column;
font:13px/1.45 system-ui,sans-serif;color:var(--fg);background:var(--bg);border:1px solid var(--line);border-radius:12px;
box-shadow:0 1px 2px #0002,0 12px 40px #0003;overflow:hidden}
header{display:flex;gap:10px;align-items:center;padding:12px 14px;border-bottom:1px solid var(--line)}
header>div{flex:1;min-width:0}
h2{font-size:14px;font-weight:600}h3{font-size:12px;font-weight:600;margin:18px 0 6px}
small{display:block;color:var(--dim);font-size:11.5px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
button,select{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:7px;padding:4px 10px;cursor:pointer}
button:hover:enabled{background:var(--soft)}button:disabled{opacity:.45;cursor:default}
:focus-visible{outline:2px solid var(--connecting);outline-offset:1px}
.heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
header>.state{flex:none;text-align:right}
.x{border:0;padding:2px 8px;font-size:16px}
.phase{display:inline-flex;gap:7px;align-items:center;font-weight:600;color:var(--c)}
.phase:before{content:"";width:9px;height:9px;border-radius:50%;background:var(--c);box-shadow:0 0 0 3px color-mix(in srgb,var(--c) 22%,transparent)}
.tools{display:flex;flex-wrap:wrap;gap:6px;padding:10px 14px;border-bottom:1px solid var(--line)}
.tools button{padding:3px 8px;font-size:12.5px}
.body{overflow:auto;padding:12px 14px 16px}
.note{padding:8px 10px;border-radius:8px;background:color-mix(in srgb,var(--c) 12%,transparent);border:1px solid color-mix(in srgb,var(--c) 35%,transparent);margin-bottom:12px}
dl{display:grid;grid-template-columns:repeat(3,1fr);gap:1px;background:var(--line);border:1px solid var(--line);border-radius:9px;overflow:hidden}
.two{grid-template-columns:1fr 1fr;margin-bottom:8px}.two dd{white-space:normal;overflow-wrap:anywhere}
dl>div{background:var(--bg);padding:7px 10px;min-width:0}
dt{color:var(--dim);font-size:11px}dd{font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.strip{display:flex;gap:1px;height:16px;border-radius:5px;overflow:hidden;background:var(--line)}
.strip>i{background:var(--c);min-width:3px}
.ends{display:flex;justify-content:space-between;color:var(--dim);font-size:11px;margin-top:3px}
svg{display:block;width:100%;height:38px;color:var(--connecting)}
table{width:100%;border-collapse:collapse;font-size:12px;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--dim);font-size:11px;text-align:left}
th,td{padding:3px 8px 3px 0;border-bottom:1px solid var(--line);vertical-align:top}
td{white-space:nowrap}td.w{overflow-wrap:anywhere;white-space:normal}td small{white-space:normal}td:last-child,th:last-child{padding-right:0}
.n{text-align:right}.c{color:var(--c);font-weight:600;white-space:nowrap}
.bar{display:block;height:6px;margin-top:6px;border-radius:3px;background:var(--connecting);opacity:.55}
ul{display:flex;flex-wrap:wrap;gap:5px;padding:0;list-style:none}
li{background:var(--soft);border:1px solid var(--line);border-radius:20px;padding:1px 9px;font-size:11.5px}
textarea{width:100%;height:120px;font:11px ui-monospace,monospace}
p{color:var(--dim)}
`.replace(/\n/g, "");

/** The colour of a phase, for what is inside. */
export const colour = (phase: string) => `--c:var(--${phase})`;
