// Sends commands with the token of the session. A command that affects a whole queue asks for confirmation first.

import { setText, byId } from "./dom.js";

let hiding = 0;

function report(message, level) {
  const result = byId("result");
  setText(result, message);
  result.dataset.level = level;
  result.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { result.hidden = true; }, 8000);
}

/** Asks the user for confirmation; returns whether the user confirmed. */
function confirmed(question) {
  const dialog = byId("confirm");
  setText(byId("confirm-text"), question);
  dialog.showModal();
  return new Promise(resolve => {
    const end = answer => {
      dialog.close();
      resolve(answer);
    };
    byId("confirm-yes").onclick = () => end(true);
    byId("confirm-no").onclick = () => end(false);
    dialog.oncancel = () => resolve(false);
  });
}

export class Commands {
  #token;

  /** Returns the commands; null if this user may not send any. */
  static async open() {
    const answer = await fetch("commands/token");
    if (!answer.ok) {
      return null;
    }

    const commands = new Commands();
    commands.#token = await answer.json();
    return commands;
  }

  async restart(queue) {
    if (await confirmed(`Restart queue ${queue}? Its connections wait until it is open again. Nothing is lost.`)) {
      await this.run("restart", { queue });
    }
  }

  async run(name, request) {
    try {
      const answer = await fetch(`commands/${name}`, { method: "POST", headers: { "Content-Type": "application/json", [this.#token.header]: this.#token.token }, body: JSON.stringify(request) });
      const { isDone, message } = await answer.json();
      report(message, isDone ? "good" : "error");
    } catch {
      report(`The command ${name} was not answered.`, "error");
    }
  }
}
