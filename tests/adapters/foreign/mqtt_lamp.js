// A lamp that speaks MQTT 5 by MQTT.js: it says its state ten times a second, retained, and obeys
// what is set. PORT UNIT
"use strict";
const { connect } = require("mqtt");

const [port, unit] = process.argv.slice(2);
const state = { level: 55.5, on: true };
const client = connect(`mqtt://127.0.0.1:${port}`, {
  protocolVersion: 5,
  clientId: `lamp-${unit}`,
  will: { topic: `town/lamp/${unit}/gone`, payload: "1", qos: 1 },
});

client.on("connect", () => {
  client.subscribe(`town/lamp/${unit}/set`, { qos: 1 });
  setInterval(() => {
    const message = JSON.stringify({ time: new Date().toISOString(), ...state });
    client.publish(`town/lamp/${unit}`, message, {
      qos: 1, retain: true,
      properties: { contentType: "application/json", userProperties: { maker: "another" } },
    });
  }, 100);
});
client.on("message", (_topic, payload) => Object.assign(state, JSON.parse(payload)));
client.on("error", (error) => { console.error(String(error)); process.exit(1); });
