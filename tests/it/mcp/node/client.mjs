// Calls every tool, resource and prompt with the official client, and prints what it got as one line of JSON.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

// How to start the server, and the arguments of tools that need some.
const [server, given] = process.argv.slice(2).map((text) => JSON.parse(text));
const client = new Client({ name: "prodverdict-tests", version: "1.0.0" });
await client.connect(new StdioClientTransport({ ...server, stderr: "inherit" }));

const seen = { tools: {}, answers: {}, resources: {}, prompts: {}, progress: 0 };
const { tools } = await client.listTools();
for (const tool of tools) {
  seen.tools[tool.name] = tool.annotations.readOnlyHint;
}
const onprogress = () => {
  seen.progress += 1;
};
// The client checks each answer against the tool's own schema.
const call = ({ name }) => client.callTool({ name, arguments: given[name] ?? {} }, undefined, { onprogress });
const answers = await Promise.all(tools.map(call));
tools.forEach(({ name }, index) => {
  const { structuredContent, content, isError } = answers[index];
  seen.answers[name] = { structured: structuredContent, types: content.map((block) => block.type), is_error: isError };
});
for (const { uri } of (await client.listResources()).resources) {
  seen.resources[uri] = (await client.readResource({ uri })).contents.map((content) => content.text);
}
for (const { name } of (await client.listPrompts()).prompts) {
  seen.prompts[name] = (await client.getPrompt({ name })).messages[0].content.text;
}
await client.close();
console.log(JSON.stringify(seen));
