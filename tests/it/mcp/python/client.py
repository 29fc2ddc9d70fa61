"""Calls every tool, resource and prompt with the official client, and prints what it got as one line of JSON."""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main(mode, server, given):
    seen = {"progress": 0}

    async def progressed(done, total, message):
        seen["progress"] += 1

    server = StdioServerParameters(**server)
    async with Client(server, mode=mode) as client:
        seen["revision"] = client.protocol_version
        tools = (await client.list_tools()).tools
        seen["tools"] = {tool.name: tool.annotations.read_only_hint for tool in tools}
        # The client checks each answer against the tool's own schema.
        names = [tool.name for tool in tools]
        calls = [
            client.call_tool(name, given.get(name, {}), progress_callback=progressed)
            for name in names
        ]
        answers = await asyncio.gather(*calls)
        seen["answers"] = {
            name: {
                "structured": answer.structured_content,
                "types": [block.type for block in answer.content],
                "is_error": answer.is_error,
            }
            for name, answer in zip(names, answers)
        }
        resources = (await client.list_resources()).resources
        seen["resources"] = {}
        for resource in resources:
            contents = (await client.read_resource(resource.uri)).contents
            seen["resources"][str(resource.uri)] = [content.text for content in contents]
        prompts = (await client.list_prompts()).prompts
        seen["prompts"] = {
            prompt.name: (await client.get_prompt(prompt.name)).messages[0].content.text
            for prompt in prompts
        }
    print(json.dumps(seen))


# How to start the server, and the arguments of tools that need some.
asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])))
