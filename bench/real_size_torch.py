"""The other side of bench/real-size.ts: a LoRA GRPO step of transformers and peft.

real_size_torch.py MODEL [--rank 16] [--prompts 2] [--group 4] [--max-new 16] [--steps 3] [--threads 1]

Rollout, log-probabilities of the base (adapter off), loss `grpo` with beta 0.02, backward, AdamW; random rewards, new
images in every step. The last line is one JSON object. Needs torch, transformers, peft and pillow; nothing is fetched.
"""

import argparse
import json
import os
import random
import resource
import time

options = argparse.ArgumentParser()
options.add_argument("model")
for name, standard in {"rank": 16, "prompts": 2, "group": 4, "max-new": 16, "steps": 3, "threads": 1}.items():
    options.add_argument(f"--{name}", type=int, default=standard)
options = options.parse_args()
os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")

import torch  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from transformers import AutoTokenizer, SmolVLMForConditionalGeneration  # noqa: E402
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil  # noqa: E402

torch.set_num_threads(options.threads)
started = time.perf_counter()
model = SmolVLMForConditionalGeneration.from_pretrained(options.model, dtype=torch.float32)
load_seconds = time.perf_counter() - started
tokenizer = AutoTokenizer.from_pretrained(options.model)
images = Idefics3ImageProcessorPil.from_pretrained(options.model)
text = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
targets = rf".*text_model.*\.({'|'.join(text)})"
model = get_peft_model(model, LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules=targets))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
config = model.base_model.model.config
numbers = random.Random(0)
SIDE = 84
tokens_per_image = (config.vision_config.image_size // config.vision_config.patch_size // config.scale_factor) ** 2


def picture():
    image = Image.new("RGB", (SIDE, SIDE), "white")
    corners = [(numbers.randrange(SIDE), numbers.randrange(SIDE)) for _ in range(3)]
    ImageDraw.Draw(image).polygon(corners, outline="black")
    return image


def step():
    question = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is the angle at C?"}]}]
    prompt = tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
    fake, seen = "<fake_token_around_image>", "<image>" * tokens_per_image
    prompt = prompt.replace("<image>", f"{fake}<global-img>{seen}{fake}")
    ids = tokenizer([prompt] * options.prompts, return_tensors="pt", add_special_tokens=False)["input_ids"]
    pixels = images(images=[[picture()] for _ in range(options.prompts)], return_tensors="pt")["pixel_values"]
    ids, pixels = (t.repeat_interleave(options.group, 0) for t in (ids, pixels))
    length = ids.shape[1]
    begun = time.perf_counter()
    model.eval()
    with torch.no_grad():
        whole = model.generate(
            input_ids=ids, pixel_values=pixels, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0,
            top_k=0, min_new_tokens=options.max_new, max_new_tokens=options.max_new,
            pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
    generated = time.perf_counter() - begun
    model.train()

    def scores():
        logits = model(
            input_ids=whole, pixel_values=pixels, attention_mask=torch.ones_like(whole),
            logits_to_keep=whole.shape[1] - length + 1,
        ).logits[:, :-1]  # fmt: skip
        # As TRL does: the chosen logit less the log of the sum, without a second table.
        chosen = logits.gather(-1, whole[:, length:, None])[..., 0]
        return chosen - torch.logsumexp(logits, -1)

    with torch.no_grad(), model.disable_adapter():
        reference = scores()
    own = scores()
    rewards = torch.tensor([numbers.random() for _ in range(whole.shape[0])]).view(-1, options.group)
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-4)).view(-1, 1)
    gap = reference - own
    loss = (-torch.exp(own - own.detach()) * advantages + 0.02 * (torch.exp(gap) - gap - 1)).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return time.perf_counter() - begun, generated


step()
taken = [step() for _ in range(options.steps)]
middle = lambda values: sorted(values)[len(values) // 2]  # noqa: E731
print(
    json.dumps(
        {
            "load_s": load_seconds,
            "median_step_s": middle([whole for whole, _ in taken]),
            "generate_s": middle([generated for _, generated in taken]),
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        }
    )
)
