extension Explorer {
  /// Of the explorer and of the cells that open.
  static let style = """
    .explorer{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:18px 28px;align-items:start}
    .live{display:none}#explorer.on div.live{display:block}
    #explorer.on th.live,#explorer.on td.live{display:table-cell}
    .band{fill:var(--s1);fill-opacity:.18;stroke:none}.fill.bounds{fill:var(--s1);fill-opacity:.3}
    .whisker{stroke:var(--ink);stroke-width:1.5;fill:none}
    .probe{fill:var(--s5);stroke:var(--ink);stroke-width:2}.least{fill:var(--s3);stroke:var(--card);stroke-width:1.5}
    .promise{fill:var(--s4);stroke:var(--card);stroke-width:1}
    .slide{display:grid;grid-template-columns:5.8em minmax(0,1fr) 7.5em;gap:10px;align-items:center;margin:6px 0}
    .slide input[type=range]{width:100%;padding:0;border:0;accent-color:var(--s1)}
    .slide input[type=number]{width:100%}
    .costs{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;margin:10px 0}
    .costs label{color:var(--dim);font-size:.9rem}.costs input{width:5.6em;color:var(--ink)}
    .costs code{user-select:all}
    .what-if{margin-top:14px}.what-if tbody th,.what-if td{white-space:nowrap}.slide label{white-space:nowrap}
    .grid-list.small{grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:10px}
    div.part{border:1px solid var(--line);border-radius:8px}
    .grid-list.small small{-webkit-line-clamp:4}
    .confusion .cell{border:0;padding:8px 5px;margin:-8px -5px;width:calc(100% + 10px);background:none;\
    text-decoration:underline;text-decoration-color:color-mix(in srgb,currentColor 35%,transparent);\
    text-underline-offset:3px}
    .confusion .cell:hover{text-decoration-color:currentColor}
    @media (max-width:900px){.explorer{grid-template-columns:minmax(0,1fr)}}
    @media print{.explorer{display:block}#what-if-probe,#explorer.on div.live,#explorer.on th.live,\
    #explorer.on td.live{display:none}}
    """
}
