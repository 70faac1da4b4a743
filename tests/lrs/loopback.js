// Preloaded before the strict LRS, which would listen on every interface: the port is free, and loopback's only.
// It holds our stdin: when the test run is gone, however that ended, so is the LRS.
process.stdin.on("end", () => process.exit()).resume();

const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, callback) {
  this.once("listening", () => console.log(`listening on ${this.address().port}`));
  return listen.call(this, { port: Number(port), host: "127.0.0.1" }, callback);
};
