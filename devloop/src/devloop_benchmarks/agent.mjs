// Asks at a fixed rate through node's own agent with kept connections, until standard input ends; one line for each exchange:
// asked and ended in nanoseconds of the monotonic clock, status, generation (0: not said), error (-: none).
import http from "node:http";

const [port, path, perSecond] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
let waiting = 0;

function ask() {
  const asked = process.hrtime.bigint();
  let told = false;
  waiting += 1;
  const tell = (status, generation, error) => {
    if (told) return;
    told = true;
    waiting -= 1;
    console.log(`${asked} ${process.hrtime.bigint()} ${status} ${generation} ${error}`);
  };
  const request = http.get({ host: "127.0.0.1", port, path, agent, timeout: 60000 }, (response) => {
    response.resume();
    response.on("end", () => tell(response.statusCode, response.headers["x-devloop-generation"] ?? 0, "-"));
    response.on("error", (error) => tell(0, 0, error.code));
  });
  request.on("timeout", () => request.destroy(Object.assign(new Error("late"), { code: "ETIMEDOUT" })));
  request.on("error", (error) => tell(0, 0, error.code));
}

const timer = setInterval(ask, 1000 / perSecond);
process.stdin.resume();
process.stdin.on("end", () => {
  clearInterval(timer);
  setInterval(() => waiting || process.exit(), 20);
});
