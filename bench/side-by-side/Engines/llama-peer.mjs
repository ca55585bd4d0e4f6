// llama.cpp as a peer: answers each line of JSON on standard input with a line of JSON on standard output.
// It calls the bindings below node-llama-cpp's own queue, so that what is timed is llama_decode.
import {createInterface} from "node:readline";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {pathToFileURL} from "node:url";

const packagePath = process.argv[2];
const {getLlama} = await import(pathToFileURL(join(packagePath, "dist", "index.js")).href);
const cacheTypes = {f32: 0, f16: 1};

let llama, model, sampler, settings, context, lastLogitIndex;
let rooms = [];

async function load({model: modelPath, threads, chunk, cache}) {
    settings = {threads, chunk, cache};
    llama = await getLlama({gpu: false, build: "never", skipDownload: true, progressLogs: false, logLevel: "error"});
    model = await llama.loadModel({modelPath, gpuLayers: 0});
    const {version} = JSON.parse(readFileSync(join(packagePath, "package.json"), "utf8"));
    const release = llama.llamaCppRelease?.release ?? "unknown";
    return {version: `node-llama-cpp ${version}, llama.cpp ${release}, Node.js ${process.versions.node}`,
        system: llama.systemInfo};
}

// A context for each workload, so that what one holds stays while another runs.
async function prepare({rooms: wanted}) {
    for (const room of rooms)
        await room.context.dispose();

    rooms = [];
    for (const {sequences, context: length} of wanted) {
        // Cells are given out 256 at a time.
        const padded = Math.ceil(length / 256) * 256;
        const context = new llama._bindings.AddonContext(model._model, {
            contextSize: padded * sequences,
            batchSize: Math.max(settings.chunk, sequences),
            sequences,
            threads: settings.threads,
            flashAttention: "auto",
            kvCacheKeyType: cacheTypes[settings.cache],
            kvCacheValueType: cacheTypes[settings.cache]
        });
        if (!await context.init())
            throw new Error("llama.cpp made no context");
        if (context.getThreads() !== settings.threads)
            throw new Error(`llama.cpp runs ${context.getThreads()} threads, not ${settings.threads}`);

        rooms.push({context, held: new Array(sequences).fill(0)});
    }
    return {};
}

// One call of llama_decode; logits of the last token of each segment where they are wanted.
async function decode(segments, wantsLogits) {
    context.initBatch(segments.reduce((sum, {tokens}) => sum + tokens.length, 0));
    for (const {sequence, first, tokens} of segments) {
        const logits = wantsLogits ? [tokens.length - 1] : [];
        const indexes = context.addToBatch(sequence, first, tokens, Uint32Array.from(logits));
        if (sequence === 0 && wantsLogits)
            lastLogitIndex = indexes[0];
    }
    await context.decodeBatch();
}

async function prefill(sequence, tokens, first, end, wantsLogits) {
    for (let start = first; start < end; start += settings.chunk) {
        const stop = Math.min(start + settings.chunk, end);
        await decode([{sequence, first: start, tokens: tokens.subarray(start, stop)}], wantsLogits && stop === end);
    }
}

async function run({room, held: length, perStep, steps, tokens: lists}) {
    const {held} = rooms[room];
    ({context} = rooms[room]);
    const tokens = lists.map((list) => Uint32Array.from(list));
    for (let sequence = 0; sequence < tokens.length; sequence++) {
        const kept = Math.min(held[sequence], length);
        if (!context.removeTokenCellsFromSequence(sequence, kept, -1))
            throw new Error("llama.cpp did not forget a sequence's end");

        await prefill(sequence, tokens[sequence], kept, length, false);
        held[sequence] = length;
    }

    const start = process.hrtime.bigint();
    for (let step = 0; step < steps; step++) {
        const first = length + step * perStep;
        if (tokens.length === 1)
            await prefill(0, tokens[0], first, first + perStep, true);
        else
            await decode(tokens.map((all, sequence) => (
                {sequence, first, tokens: all.subarray(first, first + perStep)}
            )), true);
    }
    return {seconds: Number(process.hrtime.bigint() - start) / 1e9};
}

async function logits({tokens}) {
    if (sampler == null) {
        sampler = new llama._bindings.AddonSampler(model._model);
        sampler.applyConfig({temperature: 0});
    }
    const [, , , pairs] = await context.sampleToken(
        lastLogitIndex, sampler, false, false, [tokens, false, false, false, 0]
    );
    const found = new Map();
    for (let i = 0; i < pairs.length; i += 2)
        found.set(pairs[i], pairs[i + 1]);
    return {logits: tokens.map((token) => found.get(token) ?? null)};
}

const operations = {load, prepare, run, logits};
for await (const line of createInterface({input: process.stdin})) {
    let answer;
    try {
        const question = JSON.parse(line);
        answer = await operations[question.op](question);
    } catch (error) {
        answer = {error: String(error?.message ?? error)};
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
