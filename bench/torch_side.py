"""What bench/decode.ts and bench/train-step.ts do, in torch with transformers.

torch_side.py decode|train MODEL [--prompts 64] [--max-new 32] [--steps 8] [--threads 1]

The last line is one JSON object. Needs torch, transformers and pillow; nothing is fetched.
"""

import argparse
import json
import os
import random
import resource
import time

options = argparse.ArgumentParser()
options.add_argument("what", choices=["decode", "train"])
options.add_argument("model")
for name, standard in {"prompts": 64, "max-new": 32, "steps": 8, "threads": 1}.items():
    options.add_argument(f"--{name}", type=int, default=standard)
options = options.parse_args()
os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")

import torch  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration  # noqa: E402
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil  # noqa: E402

torch.set_num_threads(options.threads)
SIDE = 84
tokenizer = AutoTokenizer.from_pretrained(options.model)
images = Qwen2VLImageProcessorPil.from_pretrained(options.model)
model = Qwen2_5_VLForConditionalGeneration.from_pretrained(options.model, dtype=torch.float32)
numbers = random.Random(0)


def triangle():
    image = Image.new("RGB", (SIDE, SIDE), "white")
    corners = [(numbers.randrange(SIDE), numbers.randrange(SIDE)) for _ in range(3)]
    ImageDraw.Draw(image).polygon(corners, outline="black")
    return image


def prepared(count):
    """Prompts with a picture each, as the model takes them."""
    content = [{"type": "image"}, {"type": "text", "text": "What is the angle at C?"}]
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
    )
    pixels = images([triangle() for _ in range(count)], return_tensors="pt")
    token = tokenizer.convert_ids_to_tokens(model.config.image_token_id)
    per_image = int(pixels["image_grid_thw"][0].prod()) // images.merge_size**2
    encoded = tokenizer([text.replace(token, token * per_image)] * count, return_tensors="pt")
    types = (encoded["input_ids"] == model.config.image_token_id).long()
    return {**encoded, **pixels, "mm_token_type_ids": types}


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def decode():
    config = model.config
    visual = [config.image_token_id, config.video_token_id, config.vision_start_token_id]
    eos = model.generation_config.eos_token_id
    suppressed = visual + (eos if isinstance(eos, list) else [eos])
    speeds = {}
    for batch in (1, 8, 64, 128):
        inputs = prepared(batch)

        def once():
            with torch.no_grad():
                model.generate(
                    **inputs,
                    max_new_tokens=options.max_new,
                    min_new_tokens=options.max_new,
                    do_sample=True,
                    temperature=1.0,
                    top_k=0,
                    top_p=1.0,
                    suppress_tokens=[token for token in suppressed if token is not None],
                )

        once()
        taken = []
        for _ in range(options.steps):
            started = time.perf_counter()
            once()
            taken.append(time.perf_counter() - started)
        speeds[f"batch {batch}"] = batch * options.max_new / median(taken)
    return {"tokens_per_s": speeds}


def train():
    inputs = prepared(options.prompts)
    responses = torch.randint(100, 200, (options.prompts, options.max_new))
    length = inputs["input_ids"].shape[1]
    ids = torch.cat([inputs["input_ids"], responses], 1)
    labels = ids.clone()
    labels[:, :length] = -100
    batch = {
        **inputs,
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "mm_token_type_ids": (ids == model.config.image_token_id).long(),
        "labels": labels,
    }
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0)
    model.train()
    taken = []
    for _ in range(options.steps + 2):
        started = time.perf_counter()
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        taken.append(time.perf_counter() - started)
    return {"median_step_s": median(taken[2:])}


result = {"decode": decode, "train": train}[options.what]()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({**result, "peak_rss_mib": peak, "threads": options.threads}))
