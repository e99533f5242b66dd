// A server of node-opcua on the loopback: `node opcua_server.js PORT FOLDER`.
// Lines on stdin command it: `level 95`, answered by `set 95`. It says `ready` when it listens.
"use strict";
const path = require("node:path");
const readline = require("node:readline");
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType } = require("node-opcua-variant");

const [port, folder] = process.argv.slice(2);

async function main() {
  const serverCertificateManager = new OPCUACertificateManager({
    rootFolder: path.join(folder, "pki"),
    automaticallyAcceptUnknownCertificate: process.env.TRUST_ANYBODY === "1",
  });
  await serverCertificateManager.initialize();
  const server = new OPCUAServer({
    port: Number(port),
    host: "127.0.0.1",
    hostname: "localhost",
    serverCertificateManager,
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
    userManager: { isValidUser: (user, password) => user === "operator" && password === "s3cret" },
    disableDiscovery: true,
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.registerNamespace("urn:foreign:plant");
  const plant = own.addObject({
    browseName: "Plant", nodeId: "s=Plant", organizedBy: space.rootFolder.objects, eventNotifier: 1,
    eventSourceOf: space.rootFolder.objects.server,
  });
  const level = own.addVariable({
    browseName: "Level", nodeId: "s=T1.Level", propertyOf: undefined, componentOf: plant,
    dataType: "Double", value: { dataType: DataType.Double, value: 50 },
    eventSourceOf: plant,
  });
  space.installHistoricalDataNode(level);
  const resets = own.addVariable({
    browseName: "Resets", nodeId: "s=T1.Resets", componentOf: plant, dataType: "UInt32",
    value: { dataType: DataType.UInt32, value: 0 },
  });
  const reset = own.addMethod(plant, {
    browseName: "Reset", nodeId: "s=T1.Reset",
    inputArguments: [{ name: "count", dataType: DataType.UInt32, description: "to count from" }],
    outputArguments: [],
  });
  reset.bindMethod((input, _context, callback) => {
    resets.setValueFromSource({ dataType: DataType.UInt32, value: input[0].value });
    callback(null, { statusCode: StatusCodes.Good, outputArguments: [] });
  });
  own.addMethod(plant, {
    browseName: "Mix", nodeId: "s=T1.Mix",
    inputArguments: ["hot", "cold"].map((name) => ({ name, dataType: DataType.Double, description: "" })),
    outputArguments: [],
  });
  space.installAlarmsAndConditionsService();
  const alarm = own.instantiateExclusiveLimitAlarm("ExclusiveLimitAlarmType", {
    browseName: "LevelHigh", nodeId: "s=T1.LevelHigh", componentOf: plant, conditionSource: level,
    inputNode: level, highHighLimit: 95, highLimit: 80, lowLimit: -1, lowLowLimit: -2,
  });
  alarm.conditionName.setValueFromSource({ dataType: DataType.String, value: "LevelHigh" });
  alarm.setEnabledState(true);
  await server.start();
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const [what, value] = line.split(" ");
    if (what === "level") {
      level.setValueFromSource({ dataType: DataType.Double, value: Number(value) });
      console.log(`set ${value}`);
    }
    if (what === "acked?") console.log(`acked ${alarm.ackedState.id.readValue().value.value} ${alarm.comment.readValue().value.value?.text ?? ""}`);
  });
  console.log("ready");
}

main().catch((error) => { console.error(error); process.exit(1); });
