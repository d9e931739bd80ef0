extension Page {
  /// Verdict colours after Okabe and Ito: bluish green, orange, vermilion; series colours from the same palette.
  static let style = """
    :root{--bg:#f4f6f8;--card:#fff;--ink:#17212b;--dim:#5a6774;--line:#dde2e7;--grid:#e8ecf0;--soft:#eef2f5;\
    --link:#0b5c93;--accept:#009e73;--review:#e69f00;--reject:#d55e00;--accept-text:#00704f;--review-text:#8a5a00;\
    --reject-text:#b04500;--s1:#0072b2;--s2:#d55e00;--s3:#009e73;--s4:#cc79a7;--s5:#e69f00;--s6:#56b4e9;\
    --on-strong:#fff;--shadow:0 1px 2px rgba(20,30,40,.06)}
    @media (prefers-color-scheme:dark){:root{--bg:#12171c;--card:#1b2229;--ink:#e6ebf0;--dim:#9aa7b4;--line:#303a44;\
    --grid:#28313a;--soft:#232c35;--link:#7cc4f2;--accept:#1fb88b;--review:#f0b429;--reject:#f07a2b;\
    --accept-text:#48d1a7;--review-text:#f4c257;--reject-text:#ff9d5c;--s1:#4aa8e0;--s2:#f07a2b;--s3:#1fb88b;\
    --s4:#de93bd;--s5:#f0b429;--s6:#8ccdf5;--on-strong:#0d1217;--shadow:none}}
    *{box-sizing:border-box}
    html{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;\
    background:var(--bg);color:var(--ink);-webkit-text-size-adjust:100%}
    body{margin:0 auto;max-width:1240px;padding:28px 24px 40px}
    h1{font-size:1.75rem;line-height:1.25;margin:.1em 0 0;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
    h2{font-size:1.05rem;margin:0 0 .7em;font-weight:650}
    h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
    p{margin:0 0 .6em}
    .kind{display:flex;align-items:center;gap:.45em;margin:0;font-weight:650}
    .kind span{color:var(--dim);font-weight:450}
    .logo{width:22px;height:22px;fill:none;stroke:var(--s1);stroke-width:2}
    .byline,.note-text,.hint,.empty,.count,footer{color:var(--dim)}
    .byline{margin:.2em 0 0}
    .note-text,.hint,footer{font-size:.88rem}
    .summary{font-size:1.1rem;max-width:62em;margin:20px 0 18px}
    main{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px}
    main>.summary,main>.tiles,main>.strip,.wide{grid-column:1/-1}
    main>.summary{margin-bottom:0}
    .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;min-width:0;\
    box-shadow:var(--shadow)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0}
    .tile{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--line);border-radius:10px;\
    padding:12px 16px;box-shadow:var(--shadow)}
    .tile.accept{border-top-color:var(--accept)}.tile.review{border-top-color:var(--review)}\
    .tile.reject{border-top-color:var(--reject)}
    .tile dt{color:var(--dim);font-size:.9rem;display:flex;align-items:center;gap:.4em}
    .tile dd{margin:0;display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .5em}
    .tile strong{font-size:1.8rem;font-weight:650;line-height:1.3;font-variant-numeric:tabular-nums}
    .tile small{color:var(--dim);font-size:.88rem}
    .strip{display:flex;height:14px;border-radius:7px;overflow:hidden;gap:2px;margin-top:-4px}
    .strip span{min-width:3px}
    .strip .accept{background:var(--accept)}.strip .review{background:var(--review)}\
    .strip .reject{background:var(--reject)}
    .mark{width:1.15em;height:1.15em;flex:none}
    .mark .sign{fill:none;stroke:#fff;stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
    .mark.review .sign{stroke:#1c1300}
    .mark.accept .shape{fill:#009e73}.mark.review .shape{fill:#e69f00}.mark.reject .shape{fill:#d55e00}
    .badge{display:inline-flex;align-items:center;gap:.4em;white-space:nowrap}
    .chart{width:100%;height:auto;display:block;overflow:visible}
    .chart text{font-size:12px;fill:var(--dim)}.chart .note{fill:var(--ink);font-size:11.5px}
    .grid{stroke:var(--grid);fill:none}.axis{stroke:var(--dim);fill:none}
    .line{fill:none;stroke-width:2.2;stroke-linejoin:round}
    .diagonal{fill:none;stroke:var(--dim);stroke-dasharray:4 4}
    .threshold{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3;fill:none}
    .threshold.review{stroke:var(--review-text)}.threshold.reject{stroke:var(--reject-text)}
    .point{fill:var(--card);stroke:var(--ink);stroke-width:2.5}
    .fill.accept{fill:var(--accept)}.fill.review{fill:var(--review)}.fill.reject{fill:var(--reject)}
    .fill.s1{fill:var(--s1)}.fill.s2{fill:var(--s2)}.fill.s3{fill:var(--s3)}.fill.s4{fill:var(--s4)}\
    .fill.s5{fill:var(--s5)}.fill.s6{fill:var(--s6)}
    .line.s1{stroke:var(--s1)}.line.s2{stroke:var(--s2)}.line.s3{stroke:var(--s3)}.line.s4{stroke:var(--s4)}\
    .line.s5{stroke:var(--s5)}.line.s6{stroke:var(--s6)}
    .legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:10px 0 0;padding:0;font-size:.88rem}
    .legend li{display:flex;align-items:center;gap:.45em}.legend svg{width:12px;height:12px}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.93rem}
    th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;\
    overflow-wrap:anywhere}
    tr:last-child>*{border-bottom:0}
    tbody th,td:first-child{overflow-wrap:break-word}td:has(.open){min-width:8em}
    thead th{color:var(--dim);font-weight:500;font-size:.86rem;white-space:nowrap}
    tbody th{font-weight:500}
    td.n,th.n{text-align:right;white-space:nowrap;padding-right:0;padding-left:14px}
    .pareto .bar{width:45%;padding:8px 0 8px 4px}.pareto tbody th{overflow-wrap:normal}
    .pareto .bar span{display:block;height:1.1em;border-radius:3px;background:var(--s1);min-width:2px}
    .confusion{width:auto;border-collapse:separate;border-spacing:2px}
    .confusion th,.confusion td{border:0;padding:8px 5px;text-align:center;min-width:3.1em;overflow-wrap:normal}
    .confusion tbody th,.confusion thead th:first-child{text-align:right;white-space:nowrap;padding-left:0}
    .confusion .n{padding:8px 0 8px 6px;\
    text-align:right;color:var(--dim);font-size:.88rem}
    .confusion .sum .n{padding:8px 4px;text-align:center}
    .confusion thead th{vertical-align:bottom;white-space:normal;line-height:1.25}
    .confusion td{border-radius:5px}
    .confusion .right{background:color-mix(in srgb,var(--s1) var(--share),var(--soft))}
    .confusion .wrong{background:color-mix(in srgb,var(--reject) var(--share),var(--soft))}
    .confusion .strong{color:var(--on-strong)}
    .confusion .zero{background:var(--soft);color:var(--dim)}
    .interval{min-width:150px;width:36%}
    .rates td:last-child,.rates th:last-child{padding-left:26px;min-width:7em}
    .lane{position:relative;height:1.5em;margin:0 14px 0 24px}
    .lane:before{content:"";position:absolute;left:0;right:0;top:50%;height:1px;background:var(--line)}
    .lane .range{position:absolute;top:calc(50% - 3px);height:6px;border-radius:3px;background:var(--s6)}
    .lane .dot{position:absolute;top:calc(50% - 5px);width:10px;height:10px;border-radius:5px;margin-left:-5px;\
    background:var(--s1)}
    .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:8px 24px;margin:0}
    .facts dt{color:var(--dim);font-size:.86rem}.facts dd{margin:0;overflow-wrap:anywhere}
    .command{margin:14px 0 0}.command span{display:block;color:var(--dim);font-size:.86rem}
    code{font:.9em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
    .filters{display:flex;flex-wrap:wrap;gap:10px 16px;align-items:center;margin-bottom:10px}
    .filters select{max-width:12em}
    .prose h3{margin:.9em 0 .2em}.prose h3:first-child{margin-top:0}
    .notes{margin:12px 0 0;padding-left:1.2em;color:var(--dim);font-size:.93rem}
    .filters label{color:var(--dim);font-size:.9rem}
    .chips{display:flex;flex-wrap:wrap;gap:8px}
    button,select,input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);\
    border-radius:8px;padding:5px 11px}
    button{cursor:pointer}
    button:hover{border-color:var(--dim)}
    :focus-visible{outline:3px solid var(--s6);outline-offset:2px}
    .chip{display:inline-flex;align-items:center;gap:.45em}.chip small{color:var(--dim)}
    .chip[aria-pressed=true]{background:var(--soft);border-color:var(--ink)}
    .open{border:0;padding:0;background:none;color:var(--link);text-align:left;text-decoration:underline;\
    text-underline-offset:2px;overflow-wrap:anywhere}
    .grid-list{list-style:none;margin:0;padding:0;display:grid;gap:12px;\
    grid-template-columns:repeat(auto-fill,minmax(168px,1fr))}
    .part{display:flex;flex-direction:column;width:100%;padding:0;text-align:left;overflow:hidden;height:100%}
    .part .pic{display:grid;place-items:center;aspect-ratio:1;width:100%;background:var(--soft);overflow:hidden;\
    border-bottom:1px solid var(--line)}
    .part img{width:100%;height:100%;object-fit:contain;display:block}
    .part .pic span{color:var(--dim);font-size:.85rem;padding:8px;text-align:center}
    .part .text{padding:8px 10px 9px;display:flex;gap:.5em;min-width:0;width:100%}
    .part .text .mark{margin-top:.15em}
    .part .text div{min-width:0}
    .part b,.part small{overflow:hidden;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;\
    overflow-wrap:anywhere}
    .part b{-webkit-line-clamp:3}
    .part b{font-weight:550;font-size:.92rem}.part small{color:var(--dim);font-size:.84rem}
    .more{text-align:center;margin:16px 0 0}
    dialog{border:1px solid var(--line);border-radius:12px;padding:18px 20px;background:var(--card);color:inherit;\
    width:min(920px,94vw);max-height:94vh}
    dialog::backdrop{background:rgba(10,15,20,.6)}
    dialog form{display:flex;justify-content:space-between;gap:16px;align-items:flex-start;margin-bottom:12px}
    dialog h3{display:flex;gap:.5em;align-items:center}
    .stage{background:var(--soft);border-radius:8px;display:grid;place-items:center;min-height:180px;margin-bottom:14px;\
    color:var(--dim);overflow:hidden}
    .stage img{max-width:100%;max-height:58vh;min-width:min(320px,100%);object-fit:contain;display:block;\
    image-rendering:auto}
    dialog .hint{margin:12px 0 0}
    footer{margin-top:28px}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
    [hidden]{display:none!important}
    @media (max-width:820px){body{padding:16px 12px}main{grid-template-columns:minmax(0,1fr)}}
    @media (max-width:520px){.grid-list{grid-template-columns:repeat(2,minmax(0,1fr))}.chart text{font-size:16px}\
    .chart .note{font-size:15px}.card{padding:14px}.interval{display:none}.rates th:nth-child(3){display:none}}
    @media print{:root{--bg:#fff;--card:#fff;--shadow:none}html{font-size:10.5pt;color:#000}\
    body{max-width:none;padding:0}main{display:block}main>*{margin-bottom:12pt}.card{break-inside:avoid;border-color:#bbb}\
    .card:has(.grid-list){break-inside:auto}.part{break-inside:avoid}.filters,.more,.hint,footer,dialog{display:none}\
    .chart{max-width:15cm}.tiles{grid-template-columns:repeat(6,1fr);gap:6pt}.tile{padding:6pt 8pt}\
    .tile strong{font-size:1.3rem}.strip{margin:0 0 12pt}.open{color:inherit;text-decoration:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """
}
