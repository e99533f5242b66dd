// A Modbus TCP server of modbus-serial. Unit 1 answers; what it does not have is an exception.
const { ServerTCP } = require("modbus-serial");

const port = Number(process.argv[2]);
const holding = new Map([[0, 7], [4, 0x4020], [5, 0x0000]]); // 4, 5: 2.5 as a float
const coils = new Map([[3, true]]);

const found = (table, address) => {
  if (!table.has(address)) throw { modbusErrorCode: 0x02, msg: "no such address" };
  return table.get(address);
};
const kept = (table, address, value) => {
  found(table, address);
  table.set(address, value);
};

const server = new ServerTCP(
  {
    getHoldingRegister: (address) => found(holding, address),
    getCoil: (address) => found(coils, address),
    setRegister: (address, value) => kept(holding, address, value),
    setCoil: (address, value) => kept(coils, address, value),
  },
  { host: "127.0.0.1", port, unitID: 1 },
);
server.on("initialized", () => console.log("ready"));
