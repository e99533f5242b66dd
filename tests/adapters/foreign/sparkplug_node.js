// A Sparkplug B edge node of another make, under a test's command: one JSON a line on its input,
// {"call": name, "with": [arguments]}, calls a method of the client or one of ours below.
"use strict";
const readline = require("readline");
const { newClient } = require("sparkplug-client");

const [port, group, node, device] = process.argv.slice(2);
const values = { temperature: 21.5, setpoint: -5, on: true, mode: "AUTO" };
const types = { temperature: "Double", setpoint: "Int16", on: "Boolean", mode: "String" };
const aliases = { temperature: 1, setpoint: 2, on: 3, mode: 4 };

const client = newClient({
  serverUrl: `mqtt://127.0.0.1:${port}`, username: "", password: "", groupId: group,
  edgeNode: node, clientId: `node-${node}`, version: "spBv1.0",
});

function metrics(names, withName) {
  return names.map((name) => ({
    ...(withName ? { name } : {}), alias: aliases[name], type: types[name], value: values[name],
    timestamp: Date.now(),
  }));
}

const ours = {
  birth(options) {
    client.publishNodeBirth({
      timestamp: Date.now(),
      metrics: [
        { name: "Node Control/Rebirth", type: "Boolean", value: false },
        { name: "uptime", alias: 10, type: "UInt64", value: 4294967297 },
      ],
    }, options);
    client.publishDeviceBirth(
      device, { timestamp: Date.now(), metrics: metrics(Object.keys(values), true) }, options);
  },
  data(changes, options) {
    Object.assign(values, changes);
    client.publishDeviceData(
      device, { timestamp: Date.now(), metrics: metrics(Object.keys(changes), false) }, options);
  },
  skip() { client.incrementSeqNum(); },
  realias(name, alias) { aliases[name] = alias; },
  vanish() { client.client.stream.destroy(); client.client.end(true); },
};

client.on("birth", () => ours.birth());
client.on("ncmd", (payload) => {
  if (payload.metrics.some((each) => each.name === "Node Control/Rebirth" && each.value === true)) {
    console.log("rebirth");
    ours.birth();
  }
});
client.on("dcmd", (_device, payload) => {
  ours.data(Object.fromEntries(payload.metrics.map((each) => [each.name, each.value])));
});
client.on("error", (error) => { console.error(String(error)); process.exit(1); });

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  (ours[order.call] || client[order.call].bind(client))(...order.with);
});
