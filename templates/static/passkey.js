// Passkeys need a script: the browser speaks with the authenticator, and this hands over what both say. Everything else works without it.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST", headers: { Accept: "application/json", "Content-Type": "application/json" }, body: body ? JSON.stringify(body) : "",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const common = (credential, response) => ({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment || undefined, response,
  });

  const signIn = async () => {
    const { publicKey } = await post("/staff/login/passkey/options");
    publicKey.challenge = bytes(publicKey.challenge);
    const credential = await navigator.credentials.get({ publicKey });
    const r = credential.response;
    return post("/staff/login/passkey", common(credential, {
      clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature),
      userHandle: r.userHandle ? text(r.userHandle) : undefined,
    }));
  };

  const add = async (name) => {
    const options = await post("/staff/account/passkeys/options");
    if (options.to) return options; // to show once more who one is
    const { publicKey } = options;
    publicKey.challenge = bytes(publicKey.challenge);
    publicKey.user.id = bytes(publicKey.user.id);
    publicKey.excludeCredentials = (publicKey.excludeCredentials || []).map((c) => ({ ...c, id: bytes(c.id) }));
    const credential = await navigator.credentials.create({ publicKey });
    const r = credential.response;
    return post("/staff/account/passkeys", {
      name, credential: common(credential, {
        clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports ? r.getTransports() : [],
      }),
    });
  };

  if (!window.PublicKeyCredential) return;
  for (const box of document.querySelectorAll("[data-passkey]")) {
    box.hidden = false;
    for (const without of document.querySelectorAll("[data-without-passkey]")) without.hidden = true;
    const button = box.querySelector("button");
    const failed = box.querySelector("[role=alert]");
    button.addEventListener("click", async () => {
      button.disabled = true;
      failed.textContent = "";
      try {
        const name = box.querySelector("input");
        const { to, method } = box.dataset.passkey === "add" ? await add(name ? name.value : "") : await signIn();
        if (method !== "post") return location.assign(to);
        const form = document.createElement("form"); // to what changes something before it is shown, such as recovery codes
        form.method = method;
        form.action = to;
        document.body.append(form);
        form.submit();
      } catch {
        failed.textContent = box.dataset.failed;
        button.disabled = false;
      }
    });
  }
})();
