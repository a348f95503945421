// The search runs in a worker, which needs two things more than browsers and the theme give.

// Browsers start no worker for a page on a disk: there it runs in a hidden frame.
class FrameWorker extends EventTarget {
  constructor(url) {
    super();
    this.frame = document.createElement("iframe");
    this.frame.hidden = true;
    this.loaded = new Promise(resolve => this.frame.addEventListener("load", resolve));
    this.frame.srcdoc =
      `<script>self.postMessage = message => parent.postMessage(message, "*")</script><script src="${url}"></script>`;
    window.addEventListener("message", event => {
      if (event.source === this.frame.contentWindow) this.pass(this, event.data);
    });
    document.body.append(this.frame);
  }

  postMessage(data) {
    this.loaded.then(() => this.pass(this.frame.contentWindow, data));
  }

  pass(target, data) {
    target.dispatchEvent(new MessageEvent("message", {data}));
  }
}

// A word after a dash would be one to leave out; here it is an option of the command.
window.Worker = class extends (location.protocol === "file:" ? FrameWorker : Worker) {
  postMessage(message) {
    const {data} = message;
    super.postMessage(typeof data === "string" ? {...message, data: data.replace(/(^|\s)-+/g, "$1")} : message);
  }
};
