/// How the page looks, by light and by dark, on narrow screens and on wide ones.
enum Style {
  static let sheet: HTML = """
    :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#fff;--card:#f6f8fa;\
    --bar:#2f6fb7;--heat:#c2541b;--good:#1a7f37;--bad:#cf222e}
    @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;--page:#0d1117;--card:#161b22;\
    --bar:#58a6ff;--heat:#f0883e;--good:#3fb950;--bad:#f85149}}
    *{box-sizing:border-box}
    body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:64rem;background:var(--page);color:var(--ink);\
    font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
    h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}
    h2{font-size:1.2rem;margin:2.5rem 0 .25rem;padding-top:.75rem;border-top:1px solid var(--line)}
    .how{color:var(--soft);margin:.25rem 0 1rem;max-width:46rem}
    .verdict{background:var(--card);border-left:.35rem solid var(--soft);padding:.8rem 1rem;font-size:1.1rem;margin:0}
    .verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}
    nav{margin:1rem 0 0;display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.9rem}
    a{color:var(--bar)}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums;margin:0 0 1.25rem}
    caption{text-align:left;font-weight:600;padding:.3rem 0}
    th,td{padding:.2rem .6rem;text-align:right;white-space:nowrap}
    th:first-child{text-align:left;padding-left:0}
    thead th{border-bottom:1px solid var(--line);font-weight:600;vertical-align:bottom}
    tbody th,.bars th{font-weight:400}
    .bars{width:100%}
    .bars th{width:1%}
    .bars td:last-child{width:1%;text-align:left}
    .bars td.number{text-align:right}
    .bar{padding:0}
    .bar i{display:block;height:.8rem;min-width:1px;background:var(--bar);border-radius:0 .2rem .2rem 0}
    .span{position:relative;min-width:12rem;padding:0;width:60%}
    .span i{position:absolute;height:.4rem;border-radius:.2rem}
    .span i.before{top:.25rem;background:var(--soft)}
    .span i.after{bottom:.25rem;background:var(--bar)}
    .key i{display:inline-block;width:1.2rem;height:.4rem;border-radius:.2rem;margin:0 .3rem .1rem .8rem}
    .key i.before{background:var(--soft)}.key i.after{background:var(--bar)}
    .heat td{background:color-mix(in srgb,var(--heat) calc(var(--v,0)*75%),transparent);border:1px solid var(--page);\
    padding:.15rem .35rem;text-align:center;min-width:2.6rem;font-size:.75rem}
    .heat thead th{text-align:center;padding:.2rem .35rem}
    figure{margin:0 0 1.5rem}
    figcaption{font-size:.85rem;margin-bottom:.3rem}
    svg{display:block;width:100%;height:8rem;background:var(--card)}
    .area{fill:var(--bar);opacity:.75}
    .clip{stroke:var(--bad);stroke-width:2;vector-effect:non-scaling-stroke}
    .ticks{position:relative;height:1.2rem;font-size:.7rem;color:var(--soft)}
    .ticks span{position:absolute;transform:translateX(-50%)}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:0 1.5rem}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;font-size:.9rem;margin:0 0 1rem}
    dt{color:var(--soft)}
    dd{margin:0;min-width:0;overflow-wrap:anywhere}
    pre{background:var(--card);padding:.8rem 1rem;overflow-x:auto;font-size:.85rem;margin:.5rem 0 1rem}
    footer{margin-top:3rem;color:var(--soft);font-size:.8rem}
    @media(max-width:40rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}th,td{padding:.2rem .3rem}\
    .heat td{min-width:1.6rem;font-size:.6rem;padding:.15rem .1rem}.heat thead th{padding:.2rem .1rem;font-size:.7rem}\
    .bars thead th{white-space:normal}.span{min-width:8rem}}
    @media print{body{max-width:none}.wide{overflow:visible}}

    """
}
