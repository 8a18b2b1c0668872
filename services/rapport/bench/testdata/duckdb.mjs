// Answers statements, one JSON text a line, with the rows of their answers, one JSON
// array a line; an error is {"error": …}.
import { createInterface } from "node:readline";
import { DuckDBInstance } from "@duckdb/node-api";

const instance = await DuckDBInstance.create(":memory:", { threads: process.argv[2] });
const connection = await instance.connect();
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const reader = await connection.runAndReadAll(JSON.parse(line));
    answer = reader.getRowsJson();
  } catch (e) {
    answer = { error: String(e) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
