// Menus are details elements. Here they close with Esc and by a click elsewhere, and
// the arrow keys move in them.
{
	const open = () => document.querySelectorAll("details[data-menu][open]");
	const items = (menu) => [...menu.querySelectorAll("a[href], button:not([hidden])")].filter((e) => e.checkVisibility());

	document.addEventListener("click", (event) => {
		for (const menu of open()) {
			if (!menu.contains(event.target)) menu.open = false;
		}
	});

	document.addEventListener("keydown", (event) => {
		const menu = event.target.closest?.("details[data-menu]");
		if (event.key === "Escape") {
			for (const each of open()) {
				each.open = false;
				if (each === menu) each.querySelector("summary").focus();
			}
			return;
		}
		if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
		event.preventDefault();
		menu.open = true;
		const all = items(menu), at = all.indexOf(document.activeElement);
		const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[event.key];
		all[(to + all.length) % all.length]?.focus();
	});
}
