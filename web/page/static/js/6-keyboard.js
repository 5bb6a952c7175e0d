// The palette (Ctrl or Command and K) over sections and search, and shortcuts of a
// single key, which can be switched off and never act in fields (WCAG 2.1.4).
{
	const palette = document.querySelector("dialog[data-palette]");
	const setting = "latchkey-shortcuts";
	const wanted = () => localStorage.getItem(setting) !== "off";

	const places = () => [...document.querySelectorAll(".side .sections a")].map((a) => ({ label: a.textContent.trim(), href: a.href, icon: a.querySelector("svg") }));
	const folded = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

	const fill = (query) => {
		const list = palette.querySelector("ul");
		const found = places().filter((p) => folded(p.label).includes(folded(query)));
		const rows = found.map((p) => make("li", {}, make("a", { class: "menu-item", href: p.href }, p.icon.cloneNode(true), p.label)));
		if (query) {
			const address = palette.querySelector("form").action + "?q=" + encodeURIComponent(query);
			rows.push(make("li", {}, make("a", { class: "menu-item", href: address }, symbol("search"), palette.dataset.palette.replace("%s", query))));
		}
		list.replaceChildren(...rows);
	};

	const openPalette = () => {
		const field = palette.querySelector("input");
		field.value = "";
		fill("");
		palette.showModal();
		field.focus();
	};

	palette?.addEventListener("input", (event) => fill(event.target.value.trim()));
	palette?.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
	palette?.addEventListener("submit", (event) => {
		event.preventDefault();
		palette.querySelector("li a")?.click();
	});
	palette?.addEventListener("keydown", (event) => {
		if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
		event.preventDefault();
		const all = [palette.querySelector("input"), ...palette.querySelectorAll("li a")];
		const to = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
		all[(to + all.length) % all.length].focus();
	});

	let went = 0; // when g was pressed
	const single = (event) => {
		if (Date.now() - went < 1500) {
			went = 0;
			document.querySelector(`.side [data-go="${CSS.escape(event.key)}"]`)?.click();
			return true;
		}
		if (event.key === "g") went = Date.now();
		else if (event.key === "?") document.querySelector("dialog[data-keys]")?.showModal();
		else if (event.key === "/") document.querySelector("[data-search]")?.focus();
		else document.querySelector(`main [data-key="${CSS.escape(event.key)}"]`)?.click();
		return event.key === "/";
	};

	document.addEventListener("keydown", (event) => {
		if (palette && event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
			event.preventDefault();
			if (!palette.open) openPalette();
			return;
		}
		const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
		if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || !wanted()) return;
		if (single(event)) event.preventDefault();
	});

	const switcher = document.querySelector("[data-shortcuts]");
	if (switcher) {
		const show = () => switcher.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", String((b.value === "on") === wanted())));
		switcher.hidden = false;
		show();
		switcher.addEventListener("click", (event) => {
			const button = event.target.closest("button");
			if (!button) return;
			localStorage.setItem(setting, button.value);
			show();
		});
	}
}
