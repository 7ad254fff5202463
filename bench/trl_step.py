"""Seconds of a GRPO step of TRL: the other side of bench/grpo-step.ts, run by bench/compare-trl.sh.

trl_step.py MODEL [--prompts 16] [--group 8] [--max-new 20] [--steps 8] [--threads 1]

Full fine-tuning, beta 0.02, loss `grpo`, temperature 1, random rewards, new images of 84 x 84 pixels in every step.
The last line is one JSON object. Needs torch, transformers, trl, datasets and pillow; nothing is fetched.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import time

options = argparse.ArgumentParser()
options.add_argument("model")
for name, standard in {"prompts": 16, "group": 8, "max-new": 20, "steps": 8, "threads": 1}.items():
    options.add_argument(f"--{name}", type=int, default=standard)
options = options.parse_args()
os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")

import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration  # noqa: E402
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor  # noqa: E402
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil  # noqa: E402
from transformers.video_processing_utils import BaseVideoProcessor  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

torch.set_num_threads(options.threads)
WARM_UP = 2
SIDE = 84


class NoVideo(BaseVideoProcessor):
    def __init__(self, **_):
        pass


# The processor insists on a video processor of its own kind, which would need torchvision.
Qwen2_5_VLProcessor.check_argument_for_proper_class = lambda self, *_, **__: None
tokenizer = AutoTokenizer.from_pretrained(options.model)
processor = Qwen2_5_VLProcessor(
    image_processor=Qwen2VLImageProcessorPil.from_pretrained(options.model),
    tokenizer=tokenizer,
    video_processor=NoVideo(),
    chat_template=tokenizer.chat_template,
)
model = Qwen2_5_VLForConditionalGeneration.from_pretrained(options.model, dtype=torch.float32)
numbers = random.Random(0)


def row():
    image = Image.new("RGB", (SIDE, SIDE), "white")
    corners = [(numbers.randrange(SIDE), numbers.randrange(SIDE)) for _ in range(3)]
    ImageDraw.Draw(image).polygon(corners, outline="black")
    prompt = [{"role": "user", "content": "What is the angle at C?"}]
    return {"prompt": prompt, "image": image, "answer": str(numbers.randrange(180))}


steps = options.steps + WARM_UP
dataset = Dataset.from_list([row() for _ in range(options.prompts * steps)])
lengths = []


def reward(completion_ids, **_):
    lengths.extend(len(ids) for ids in completion_ids)
    return [random.random() for _ in completion_ids]


config = model.config
settings = GRPOConfig(
    output_dir=tempfile.mkdtemp(),
    per_device_train_batch_size=options.prompts * options.group,
    num_generations=options.group,
    max_completion_length=options.max_new,
    max_steps=steps,
    beta=0.02,
    learning_rate=1e-4,
    loss_type="grpo",
    temperature=1.0,
    report_to=[],
    save_strategy="no",
    use_cpu=True,
    bf16=False,
    gradient_checkpointing=False,
    disable_tqdm=True,
    generation_kwargs={
        "suppress_tokens": [config.image_token_id, config.video_token_id, config.vision_start_token_id]
    },
)
times = []


class Timed(GRPOTrainer):
    """`training_step` holds rollout, reward and backward pass; the optimizer comes after it and is left out."""

    def training_step(self, *arguments, **named):
        started = time.perf_counter()
        loss = super().training_step(*arguments, **named)
        times.append(time.perf_counter() - started)
        return loss


Timed(model=model, reward_funcs=reward, args=settings, train_dataset=dataset, processing_class=processor).train()
measured = sorted(times[WARM_UP:])
middle = len(measured) // 2
median = measured[middle] if len(measured) % 2 else (measured[middle - 1] + measured[middle]) / 2
print(
    json.dumps(
        {
            "median_step_s": median,
            "range_s": [measured[0], measured[-1]],
            "mean_tokens": sum(lengths) / len(lengths),
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "threads": options.threads,
            "prompts": options.prompts,
            "group": options.group,
            "max_new": options.max_new,
        }
    )
)
