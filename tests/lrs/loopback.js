// Preloaded before the strict LRS, which would listen on every interface: the port is free, and loopback's only.
const net = require("node:net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, callback) {
  this.once("listening", () => console.log(`listening on ${this.address().port}`));
  return listen.call(this, { port: Number(port), host: "127.0.0.1" }, callback);
};
