// A worker that is made of text: pages read from disk have no file that a worker could load.

// `text` defines what `handle` needs, an expression: a function from a message to an answer, or to
// a promise of one. It is done with one message before it takes the next.
export function startWorker(text, handle) {
  const source = `${text}
    const handle = ${handle};
    let last = Promise.resolve();
    onmessage = ({ data }) => {
      const answer = async () => handle(data);
      last = last.then(answer).then(
        (found) => found && postMessage(found),
        (problem) => postMessage({ problem: String(problem) }),
      );
    };`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address);
  const asked = []; // those that wait for an answer, the oldest first
  let broken = false;
  worker.onmessage = ({ data }) => {
    const { done, failed } = asked.shift();
    if (data.problem) failed();
    else done(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    broken = true;
    asked.splice(0).forEach(({ failed }) => failed());
  };
  return {
    send: (message) => worker.postMessage(message),
    ask(message, done, failed) {
      if (broken) return void failed();
      asked.push({ done, failed });
      worker.postMessage(message);
    },
    stop() {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}
