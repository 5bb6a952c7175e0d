// Links marked data-dialog show the main part of the page that they lead to in a
// dialog over this one. What goes wrong there opens the page itself.
{
	const fetched = async (address) => {
		const answer = await fetch(address, { headers: { Accept: "text/html" } });
		const main = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
		if (!answer.ok || answer.redirected || !main) throw new Error(answer.status);
		return main;
	};

	const show = (main) => {
		const close = make("button", { type: "button", class: "button bare-button close", "aria-label": texts.close }, symbol("x"));
		const dialog = make("dialog", {}, close, ...main.childNodes);
		const heading = dialog.querySelector("h1");
		if (heading) {
			heading.id ||= "dialog-title";
			dialog.setAttribute("aria-labelledby", heading.id);
			heading.tabIndex = -1;
			heading.autofocus = true;
		}
		close.addEventListener("click", () => dialog.close());
		dialog.addEventListener("click", (event) => {
			if (event.target === dialog || event.target.closest("[data-cancel]")) {
				event.preventDefault();
				dialog.close();
			}
		});
		dialog.addEventListener("close", () => dialog.remove());
		document.body.append(dialog);
		start(dialog);
		dialog.showModal(); // keeps the focus inside, and returns it when it closes
	};

	document.addEventListener("click", async (event) => {
		const link = event.target.closest("a[data-dialog]");
		if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
		const address = new URL(link.href);
		if (address.origin !== location.origin || (address.pathname === location.pathname && address.hash)) return;
		event.preventDefault();
		link.setAttribute("aria-busy", "true");
		try {
			show(await fetched(address));
		} catch {
			say(texts.unloaded);
			location.assign(address);
		} finally {
			link.removeAttribute("aria-busy");
		}
	});
}
