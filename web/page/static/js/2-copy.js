// Copy buttons, fields that are selected as a whole, secrets that can be shown, and
// messages that can be put away.
{
	const copied = new WeakMap(); // labels to put back

	const confirm = (button) => {
		say(texts.copied);
		const label = button.querySelector("span:not(.unseen)");
		if (!label || copied.has(button)) return;
		copied.set(button, label.textContent);
		label.textContent = texts.copied;
		setTimeout(() => {
			label.textContent = copied.get(button);
			copied.delete(button);
		}, 2000);
	};

	const write = async (button, text, field) => {
		try {
			await navigator.clipboard.writeText(text);
			confirm(button);
		} catch {
			if (field) field.select();
			say(texts.uncopied);
		}
	};

	document.addEventListener("click", (event) => {
		const button = event.target.closest("[data-copy]");
		if (button) {
			const field = document.getElementById(button.dataset.copy);
			write(button, field.value ?? field.textContent, field.select ? field : null);
			return;
		}
		const link = event.target.closest("[data-copy-text]");
		if (link && navigator.clipboard) {
			event.preventDefault();
			write(link, link.dataset.copyText);
		}
	});

	document.addEventListener("focusin", (event) => {
		if (event.target.matches("[data-select]")) event.target.select();
	});

	const reveal = (field) => {
		const button = make("button", { type: "button", class: "button icon-button", "aria-pressed": "false", "aria-controls": field.id }, texts.show);
		button.addEventListener("click", () => {
			const shown = field.type === "text";
			field.type = shown ? "password" : "text";
			button.setAttribute("aria-pressed", String(!shown));
			button.textContent = shown ? texts.show : texts.hide;
		});
		const row = make("div", { class: "with-button" });
		field.replaceWith(row);
		row.append(field, button);
	};

	const dismissable = (message) => {
		const button = make("button", { type: "button", class: "button bare-button", "aria-label": texts.dismiss }, symbol("x"));
		button.addEventListener("click", () => {
			message.remove();
			document.getElementById("main")?.focus();
		});
		message.append(button);
	};

	started.push((root) => {
		if (navigator.clipboard) root.querySelectorAll("[data-copy][hidden]").forEach((b) => { b.hidden = false; });
		root.querySelectorAll("[data-reveal]").forEach(reveal);
		root.querySelectorAll("[data-flash]").forEach(dismissable);
	});
}
