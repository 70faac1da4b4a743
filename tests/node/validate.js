// Reads a JSON array of statements on stdin; writes, for each, what xapi-validation finds wrong with it.
const validate = require("xapi-validation").default;

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => {
  const findings = JSON.parse(input).map((statement) => validate(statement).map(String));
  process.stdout.write(JSON.stringify(findings));
});
