"""A page with nothing but explorers, for the tests of one explorer in a real browser."""

from pathlib import Path

import axe_playwright_python

from els_tutorial.explorers import page_files

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Each figure has computed, and taken its picture's place. They start when a reader comes near.
ALIVE = """() => {
    const asleep = [...document.querySelectorAll('.els-explorer')].find((figure) =>
        !figure.querySelector('.els-live')?.elsResult || figure.querySelector('.els-still'));
    if (asleep) asleep.scrollIntoView({behavior: 'instant'});
    else scrollTo({top: 0, behavior: 'instant'});
    return !asleep;
}"""
THEME = "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"


def write(folder, *figures):
    """Write a page that shows these explorers into a folder, and return its address on disk."""
    for name, text in page_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    names = [*sorted({figure.name for figure in figures}), "loader"]
    scripts = "".join(f'<script defer src="{name}.js"></script>' for name in names)
    # As in the book, what stands in for a figure keeps its room.
    bodies = "".join(figure.html().replace("<p>", '<p class="els-still">') for figure in figures)
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Figures</title>'
        f"<script>document.documentElement.dataset.theme = {THEME}</script>"
        '<meta name="viewport" content="width=device-width">'
        f'<link rel="stylesheet" href="explorers.css">{scripts}<style>body {{ margin: 16px }} '
        "[data-theme=dark] { background: #121212; color: #eee }</style></head>"
        f"<body><main><h1 id='top'>Figures</h1>{bodies}</main></body></html>",
        encoding="utf-8",
    )
    return (folder / "page.html").as_uri()


def violations(page):
    """Return what axe finds in the open page, as pairs (rule, first element)."""
    page.evaluate(AXE)
    # No preload: axe would fetch the style sheet, which a page on disk may not.
    options = {"resultTypes": ["violations"], "preload": False}
    found = page.evaluate("(options) => axe.run(options).then((r) => r.violations)", options)
    return [(item["id"], item["nodes"][0]["html"]) for item in found]


def address(url, name, settings):
    """Return the address of a page whose first explorer ``name`` has these settings."""
    return f"{url}#" + "&".join(f"{name}.{key}={value}" for key, value in settings.items())


def result(page, lists, **settings):
    """Wait until the first figure shows these settings; return what it shows, arrays as lists."""
    shown = page.wait_for_function(
        """([wanted, lists]) => {
            const result = document.querySelector('.els-live')?.elsResult;
            if (!result) return null;
            if (Object.keys(wanted).some((name) => result.settings[name] !== wanted[name]))
                return null;
            const plain = lists.map((name) => [name, [...result[name]]]);
            return {...result, ...Object.fromEntries(plain)};
        }""",
        arg=[settings, lists],
        timeout=60_000,
    )
    return shown.json_value()


def readout_as_widget(page, figure):
    """Render the figure's module in the open page as a notebook would; return its words."""
    binary = [name for name in ("pixels", "guesses") if figure.has_trait(name)]
    held = {name: getattr(figure, name) for name in binary}
    return page.evaluate(
        """async ({script, state, held}) => {
            const address = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
            const {default: {render}} = await import(address);
            const values = {...state};
            for (const [name, sent] of Object.entries(held)) {
                const bytes = new DataView(Uint8Array.from(sent.bytes).buffer);
                values[name] = {...sent, bytes};
            }
            const model = {
                get: (name) => values[name], set: (name, value) => (values[name] = value),
                on() {}, off() {}, save_changes() {}, send() {},
            };
            const el = document.createElement("div");
            document.querySelector("main").append(el);
            const stop = render({model, el});
            while (!values.readout) await new Promise((done) => setTimeout(done, 20));
            stop();
            return values.readout;
        }""",
        {
            "script": figure._esm,
            "state": figure.full_state,
            "held": {name: {**sent, "bytes": list(sent["bytes"])} for name, sent in held.items()},
        },
    )
