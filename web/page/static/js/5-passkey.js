// Passkeys (WebAuthn): signing in with one, and adding one. Where the browser knows
// none, what asks for them stays hidden.
{
	const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;

	// send asks as only a script of this host can.
	const send = async (address, body) => {
		const headers = { Accept: "application/json", "Content-Type": "application/json", "Latchkey-Request": "script" };
		const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
		if (!answer.ok) throw new Error(answer.status);
		return answer.json();
	};

	const ceremony = async (address, body, perform) => {
		const { publicKey } = await send(address, body);
		const credential = await perform(publicKey);
		const { next } = await send(address + "/finish", credential.toJSON());
		location.assign(next);
	};

	const create = async (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
	const use = async (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });

	// attempt does something that the person may break off, and says before the
	// element if nothing came of it.
	const attempt = async (at, button, work) => {
		at.parentElement.querySelector("[data-passkey-failed]")?.remove();
		button.disabled = true;
		try {
			await work();
		} catch {
			button.disabled = false;
			const text = make("span", {}, at.dataset.failed);
			at.before(make("p", { class: "notice bad", role: "alert", "data-passkey-failed": "" }, symbol("alert"), text));
		}
	};

	started.push((root) => {
		if (!able) return;
		for (const button of root.querySelectorAll("[data-passkey-login]")) {
			button.hidden = false;
			button.addEventListener("click", () => attempt(button, button, () => {
				const returnTo = button.form?.elements.namedItem("return_to")?.value ?? "";
				return ceremony("/login/passkey", { return_to: returnTo }, use);
			}));
		}
		for (const form of root.querySelectorAll("form[data-passkey-add]")) {
			form.hidden = false;
			form.addEventListener("submit", (event) => {
				event.preventDefault();
				const name = form.elements.namedItem("name").value;
				attempt(form, event.submitter ?? form.querySelector("button"), () => ceremony(form.getAttribute("action"), { name }, create));
			});
		}
	});
}
