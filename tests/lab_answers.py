"""Answers to the labs that are not the solution's: wrong ones, and right ones written otherwise.

WRONG: lab -> a list of (the test that must catch it, the answer). RIGHT: lab -> a list of (the
question, an answer that must pass all of its tests). An answer is a cell as a student might write
it; it stands in the notebook's place after the solution to everything before it.
"""

WRONG = {
    "lab1-noise": [
        # Each part is faded by its share of the variance, without the root.
        ("test_add_noise_fades_both_parts", """
def add_noise(x0, alpha_bar, noise):
    return alpha_bar * x0 + (1 - alpha_bar) * noise
"""),
        # The noise is added to a picture that does not fade.
        ("test_add_noise_keeps_variance_one", """
def add_noise(x0, alpha_bar, noise):
    return x0 + (1 - alpha_bar) ** 0.5 * noise
"""),
        # The picture is changed in place.
        ("test_add_noise_returns_a_new_picture", """
def add_noise(x0, alpha_bar, noise):
    x0 *= alpha_bar**0.5
    x0 += (1 - alpha_bar) ** 0.5 * noise
    return x0
"""),
        # The fading of the picture is forgotten.
        ("test_score_is_the_slope_of_the_log_density", """
def score(x, x0_hat, alpha_bar):
    return (x0_hat - x) / (1 - alpha_bar)
"""),
        # Exponentials before any maximum is taken off: 0 / 0 at little noise.
        ("test_belief_survives_little_noise", """
def belief(x, images, alpha_bar):
    squares = (x[:, None] - alpha_bar**0.5 * images).square().sum((2, 3, 4))
    weights = (-squares / (2 * (1 - alpha_bar))).exp()
    return weights / weights.sum(1, keepdim=True)
"""),
        # The 2 of the normal law is forgotten.
        ("test_belief_follows_bayes", """
def belief(x, images, alpha_bar):
    squares = (x[:, None] - alpha_bar**0.5 * images).square().sum((2, 3, 4))
    return (-squares / (1 - alpha_bar)).softmax(1)
"""),
        # The most probable image in place of the mean.
        ("test_guess_is_the_posterior_mean", """
def guess(x, images, alpha_bar):
    return images[belief(x, images, alpha_bar).argmax(1)]
"""),
        # The time at which half of the amplitude is left.
        ("test_half_of_the_variance_is_left", "t_half = 2.016 / 3"),
        # So early that every digit has its share.
        ("test_between_2_and_20_digits_share_the_belief", "t_undecided = 0.999"),
    ],
    "lab2-machines": [
        ("test_huge_logits_survive", """
def softmax_mean(logits, values):
    weights = logits.exp()
    return weights / weights.sum(1, keepdim=True) @ values
"""),
        # The weights add up to 1 over the queries.
        ("test_a_constant_in_the_logits_changes_nothing", """
def softmax_mean(logits, values):
    return logits.softmax(0) @ values
"""),
        # Training images are compared unfaded.
        ("test_is_guesses_the_posterior_mean", """
class IS:
    def __init__(self, images):
        self.images = images

    def denoise(self, x, alpha_bar):
        squares = (x[:, None] - self.images).square().sum((2, 3, 4))
        weights = (-squares / (2 * (1 - alpha_bar))).softmax(1)
        return torch.einsum("bn,nchw->bchw", weights, self.images)
"""),
        # All pictures of a batch share one belief.
        ("test_is_treats_each_picture_alone", """
class IS:
    def __init__(self, images):
        self.images = images

    def denoise(self, x, alpha_bar):
        squares = (x[:, None] - alpha_bar**0.5 * self.images).square().sum((0, 2, 3, 4))
        weights = (-squares / (2 * (1 - alpha_bar))).softmax(0)
        return (weights[:, None, None, None] * self.images).sum(0).expand_as(x)
"""),
        # Zeros beyond the edge: no torus.
        ("test_windows_reach_around_the_torus", """
def windows(images, patch_size):
    padded = F.pad(images, (patch_size // 2,) * 4)
    return padded.unfold(2, patch_size, 1).unfold(3, patch_size, 1)
"""),
        # The window begins at its pixel.
        ("test_the_middle_of_a_window_is_its_pixel", """
def windows(images, patch_size):
    wrapped = F.pad(images, (0, patch_size - 1) * 2, mode="circular")
    return wrapped.unfold(2, patch_size, 1).unfold(3, patch_size, 1)
"""),
        # A pixel may take the value of any place: that is ELS.
        ("test_ls_knows_its_place", """
from els_tutorial.machines import EquivariantLocalScore as LS
"""),
        # Each image is weighed as a whole: that is IS.
        ("test_ls_sees_its_window_and_no_more", """
def LS(images, patch_size):
    return IS(images)
"""),
        # Shifts along the rows only.
        ("test_es_commutes_with_shifts", """
def ES(images):
    return IS(torch.cat([images.roll(k, dims=3) for k in range(images.shape[3])]))
"""),
        # The shifts, but each as a training set of its own.
        ("test_es_is_the_ideal_score_of_all_shifts", """
class ES:
    def __init__(self, images):
        height, width = images.shape[2:]
        self.sets = [images.roll((a, b), (2, 3)) for a in range(height) for b in range(width)]

    def denoise(self, x, alpha_bar):
        return sum(IS(images).denoise(x, alpha_bar) for images in self.sets) / len(self.sets)
"""),
        # The machine that knows the border.
        ("test_els_commutes_with_shifts", """
from els_tutorial.machines import EquivariantLocalScore


def ELS(images, patch_size):
    return EquivariantLocalScore(images, patch_size, boundary="zeros")
"""),
        # The mean of the whole patch in place of its middle.
        ("test_els_guesses_the_patch_posterior_mean", """
class ELS:
    def __init__(self, images, patch_size):
        self.size = patch_size
        self.keys = self.patches(images)

    def patches(self, images):
        return windows(images, self.size).movedim(1, 3).flatten(0, 2).flatten(1)

    def denoise(self, x, alpha_bar):
        squares = torch.cdist(self.patches(x), alpha_bar**0.5 * self.keys).square()
        weights = (-squares / (2 * (1 - alpha_bar))).softmax(1)
        means = (weights @ self.keys).view(len(x), *x.shape[2:], x.shape[1], -1).mean(-1)
        return means.movedim(-1, 1)
"""),
        # Only one direction is tried.
        ("test_commutes_on_two_plain_machines", """
def commutes(machine, x, alpha_bar):
    moved = machine.denoise(x.roll(1, 2), alpha_bar)
    return bool((moved - machine.denoise(x, alpha_bar).roll(1, 2)).abs().max() < 1e-6)
"""),
        ("test_is_local_on_the_four_machines", """
def is_local(machine, x, alpha_bar, patch_size):
    return getattr(machine, "patch_size", x.shape[2]) == patch_size
"""),
    ],
    "lab3-mosaics": [
        # The step goes to where it came from: the noise level never falls.
        ("test_grow_follows_the_flow", """
def grow(machine, noise, steps):
    x = noise
    for k in range(steps, 0, -1):
        now = schedule.alpha_bar(k / steps)
        x0_hat = machine.denoise(x, now)
        implied = (x - now**0.5 * x0_hat) / (1 - now) ** 0.5
        x = now**0.5 * x0_hat + (1 - now) ** 0.5 * implied
    return x0_hat
"""),
        # One step too few.
        ("test_the_machine_is_asked_once_a_step", """
def grow(machine, noise, steps):
    x = noise
    for k in range(steps, 1, -1):
        now, after = schedule.alpha_bar(k / steps), schedule.alpha_bar((k - 1) / steps)
        x0_hat = machine.denoise(x, now)
        implied = (x - now**0.5 * x0_hat) / (1 - now) ** 0.5
        x = after**0.5 * x0_hat + (1 - after) ** 0.5 * implied
    return x
"""),
        # As they stand, without shifts.
        ("test_a_shifted_training_image_is_near", """
def distance(picture, images):
    return (picture - images).square().mean((1, 2, 3)).min().sqrt().item()
"""),
        # The sum of the squares, not their mean.
        ("test_distance_is_to_the_nearest", """
def distance(picture, images):
    h, w = picture.shape[1:]
    shifts = [images.roll((a, b), dims=(2, 3)) for a in range(h) for b in range(w)]
    return min((picture - s).square().sum((1, 2, 3)).min().sqrt().item() for s in shifts)
"""),
        # Natural logarithms.
        ("test_sources_are_counted_and_weighed", """
def sources(image, where):
    _, counts = image[where].unique(return_counts=True)
    shares = counts.double() / counts.sum()
    return len(counts), -(shares * shares.log()).sum().item()
"""),
        ("test_pixels_outside_do_not_count", """
def sources(image, where):
    _, counts = image.unique(return_counts=True)
    shares = counts.double() / counts.sum()
    return len(counts), -(shares * shares.log2()).sum().item()
"""),
        # Equal to any training pixel, whatever stands around it.
        ("test_two_tones_follow_the_majority", """
def consistent_share(picture, images, patch_size):
    apart = (picture[None, :, :, :, None] - images.flatten(2)[:, :, None, None]).abs()
    return (apart.amax(1) <= 0.01).any(-1).any(0).double().mean().item()
"""),
        # The nearest patch at the pixel's own place.
        ("test_noise_is_no_mosaic", """
def consistent_share(picture, images, patch_size):
    r = patch_size // 2
    squares = F.pad((picture - images).square().sum(1, keepdim=True), (r,) * 4, mode="circular")
    near = F.avg_pool2d(squares, patch_size, 1).argmin(0)  # [1, H, W]
    middles = images.gather(0, near[None].expand(1, *picture.shape))[0]
    return ((picture - middles).abs().amax(0) <= 0.01).double().mean().item()
"""),
        # A single white pixel is outvoted.
        ("test_island_is_a_mosaic_of_two_colours", """
island = -torch.ones(9, 9)
island[4, 4] = 1
"""),
        # White and black taken as one.
        ("test_mosaics_of_3_by_4_are_counted", "count = count // 2"),
        ("test_with_mixing_the_picture_is_new", "mixing = 13"),
        ("test_with_remembering_the_picture_is_a_copy", "remembering = 3"),
    ],
    "lab4-network": [
        # The sign of the picture's part.
        ("test_velocity_gives_the_picture_back", """
def velocity(x0, noise, alpha_bar):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a.sqrt() * noise + (1 - a).sqrt() * x0
"""),
        # The slope is never followed.
        ("test_training_changes_the_weights", """
def train(network, images, steps):
    losses = []
    for _ in range(steps):
        x0, alpha_bar = images[torch.randint(len(images), (32,))], torch.rand(32) * 0.98 + 0.01
        noise = torch.randn_like(x0)
        a = alpha_bar.view(-1, 1, 1, 1)
        guess = network(a.sqrt() * x0 + (1 - a).sqrt() * noise, alpha_bar)
        losses.append((guess - velocity(x0, noise, alpha_bar)).square().mean().item())
    return losses
"""),
        # One noise level for all.
        ("test_little_noise_and_much_are_shown", """
def train(network, images, steps):
    optimizer, losses = torch.optim.AdamW(network.parameters(), lr=5e-3), []
    for _ in range(steps):
        x0, alpha_bar = images[torch.randint(len(images), (32,))], torch.full((32,), 0.5)
        noise = torch.randn_like(x0)
        guess = network(0.5**0.5 * (x0 + noise), alpha_bar)
        loss = (guess - velocity(x0, noise, alpha_bar)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""),
        # Uniform noise.
        ("test_the_mixture_is_right", """
def train(network, images, steps):
    optimizer, losses = torch.optim.AdamW(network.parameters(), lr=5e-3), []
    for _ in range(steps):
        x0 = images[torch.randint(len(images), (32,))]
        alpha_bar = (torch.pi * (0.002 + 0.998 * torch.rand(32)) / 2.016).cos().square()
        noise, a = torch.rand_like(x0), alpha_bar.view(-1, 1, 1, 1)
        guess = network(a.sqrt() * x0 + (1 - a).sqrt() * noise, alpha_bar)
        loss = (guess - velocity(x0, noise, alpha_bar)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""),
        # Too few steps.
        ("test_the_network_has_learned", """
network = ResNet(channels=16, depth=3, padding_mode="circular")
losses = train(network, images, steps=5)
"""),
        # What the class says, which another network does not have.
        ("test_other_networks_see_their_windows", """
def window_seen(network, side):
    return getattr(network, "receptive_field", 3)
"""),
        # Not centred.
        ("test_pearson_forgives_contrast_and_brightness", """
def pearson(a, b):
    return ((a * b).sum() / (a.norm() * b.norm())).item()
"""),
        # The square of the correlation forgives contrast.
        ("test_explained_forgives_nothing", """
def explained(a, b):
    return pearson(a, b) ** 2
"""),
        # The largest window always.
        ("test_best_window_finds_a_machines_window", """
def best_window(denoiser, machines, x, alpha_bar):
    return max(machines)
"""),
        # From the sample with the best agreement, not the median.
        ("test_r_els_is_what_network_and_windows_give", "r_els = min(1.0, r_els + 0.05)"),
        # Windows in the order of the walk.
        ("test_r_els_is_what_network_and_windows_give", "windows = windows[::-1]"),
        ("test_theory_predicts_better_than_memory", "r_is = r_els"),
    ],
    "lab5-project": [
        # From 0 to 1.
        ("test_read_folder_gives_images", """
def read_folder(folder, side):
    paths = sorted(Path(folder).glob("*.png"))
    images = [np.asarray(Image.open(p).convert("L").resize((side, side))) / 255 for p in paths]
    return torch.from_numpy(np.stack(images))[:, None]
"""),
        # Squeezed, not cut.
        ("test_the_square_is_cut_from_the_middle", """
def read_folder(folder, side):
    paths = sorted(Path(folder).glob("*.*"))
    images = [np.asarray(Image.open(p).convert("L").resize((side, side))) for p in paths]
    return torch.from_numpy(np.stack(images) / 127.5 - 1)[:, None]
"""),
        # Rows and columns exchanged.
        ("test_black_and_white_and_up_and_left", """
def read_folder(folder, side):
    paths = sorted(Path(folder).glob("*.*"))
    images = [np.asarray(Image.open(p).convert("L").resize((side, side))).T for p in paths]
    return torch.from_numpy(np.stack(images) / 127.5 - 1)[:, None]
"""),
        # Trusts the ending of the name.
        ("test_other_files_are_passed_over", """
def read_folder(folder, side):
    paths = sorted(Path(folder).glob("*.png"))
    images = [np.asarray(Image.open(p).convert("L").resize((side, side))) for p in paths]
    return torch.from_numpy(np.stack(images) / 127.5 - 1)[:, None]
"""),
        # 16-bit greys cut off at 255.
        ("test_other_files_are_passed_over", """
from PIL import ImageOps


def read_folder(folder, side):
    found = []
    for path in sorted(Path(folder).iterdir()):
        try:
            found.append(np.asarray(ImageOps.fit(Image.open(path).convert("L"), (side, side))))
        except Exception:
            continue
    if not found:
        raise ValueError("no pictures")
    return torch.from_numpy(np.stack(found) / 127.5 - 1)[:, None]
"""),
        # Sorted by value, as torch.unique does.
        ("test_the_first_of_each_stays_in_order", """
def without_copies(images):
    return images.unique(dim=0)
"""),
        # Drawn with replacement.
        ("test_every_image_is_in_one_part", """
def split(images, seed):
    draw, held = torch.Generator().manual_seed(seed), len(images) // 4
    picked = torch.randint(len(images), (len(images),), generator=draw)
    return images[picked[held:]], images[picked[:held]]
"""),
        # No seed.
        ("test_the_seed_decides", """
def grow(images, patch_size, count, seed):
    noise = torch.randn(count, *images.shape[1:]).to(images.dtype)
    machine = EquivariantLocalScore(images, patch_size, boundary="zeros")
    return sampling.sample(machine, noise, schedule, steps=20)
"""),
        # Training pictures, drawn at random.
        ("test_pictures_of_one_call_differ", """
def grow(images, patch_size, count, seed):
    machine = EquivariantLocalScore(images, patch_size, boundary="zeros")
    noise = torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(seed))
    noise = noise.to(images.dtype).expand(count, *images.shape[1:])
    return sampling.sample(machine, noise, schedule, steps=20)
"""),
        # Without the shifts.
        ("test_mixtures_are_measured", """
def measure(pictures, training):
    apart = (pictures[:, None] - training).square().mean((2, 3, 4)).sqrt()
    same = ((pictures[:, None] - training).abs() <= 0.1).double().mean((2, 3, 4))
    return {"distance": apart.amin(1).tolist(), "copied": same.amax(1).tolist()}
"""),
        # Always the same words.
        ("test_the_report_counts_its_pictures", """
def make_report(folder, out, patch_size, count, seed):
    Path(out).mkdir(parents=True, exist_ok=True)
    text = "The machine made pictures, and they were new. There were many of them. Well done."
    (Path(out) / "report.md").write_text(text)
    return Path(out) / "report.md"
"""),
        ("test_the_report_has_the_distances", """
def make_report(folder, out, patch_size, count, seed):
    training, held_out = split(without_copies(read_folder(folder, 16)), seed)
    Path(out).mkdir(parents=True, exist_ok=True)
    text = f"{len(training)} pictures, {len(held_out)} held out, window {patch_size}: 9.99"
    (Path(out) / "report.md").write_text(text + "\\nMore could be said, and is not.")
    return Path(out) / "report.md"
"""),
    ],
}  # fmt: skip

RIGHT = {
    "lab1-noise": [
        # Loops and numpy-like sums, one picture at a time.
        ("q4", """
def belief(x, images, alpha_bar):
    rows = []
    for picture in x:
        apart = [picture - alpha_bar**0.5 * y for y in images]
        logits = [-(each**2).sum() / 2 / (1 - alpha_bar) for each in apart]
        top = max(logits)
        weights = torch.stack([(logit - top).exp() for logit in logits])
        rows.append(weights / weights.sum())
    return torch.stack(rows)
"""),
        ("q6", "t_half, t_undecided = torch.tensor(0.506), 0.85"),
    ],
    "lab2-machines": [
        # A function that returns an object with denoise, in single precision.
        ("q2", """
from types import SimpleNamespace


def IS(images):
    def denoise(x, alpha_bar):
        flat, keys = x.float().flatten(1), images.float().flatten(1)
        logits = alpha_bar**0.5 * flat @ keys.T - alpha_bar * keys.square().sum(1) / 2
        return ((logits / (1 - alpha_bar)).softmax(1) @ keys).view(x.shape)

    return SimpleNamespace(denoise=denoise)
"""),
        # Rolls in place of padding.
        ("q3", """
def windows(images, patch_size):
    r = patch_size // 2
    steps = range(r, -r - 1, -1)
    rows = [torch.stack([images.roll((a, b), (2, 3)) for b in steps], -1) for a in steps]
    return torch.stack(rows, -2)
"""),
        # A pixel at a time.
        ("q6", """
class ELS:
    def __init__(self, images, patch_size):
        self.images, self.size = images, patch_size

    def denoise(self, x, alpha_bar):
        guess, keys = torch.zeros_like(x), windows(self.images, self.size)
        for b in range(len(x)):
            for i in range(x.shape[2]):
                for j in range(x.shape[3]):
                    query = windows(x[b : b + 1], self.size)[0, :, i, j]  # [C, P, P]
                    apart = (query[:, None, None] - alpha_bar**0.5 * keys).square().sum((1, 4, 5))
                    weights = (-apart / (2 * (1 - alpha_bar))).flatten().softmax(0)
                    values = self.images.movedim(1, -1).flatten(0, 2)
                    guess[b, :, i, j] = weights @ values
        return guess
"""),
        # Change all but one window's surroundings at once.
        ("q7", """
def commutes(machine, x, alpha_bar):
    guess, same = machine.denoise(x, alpha_bar), True
    for _ in range(3):
        a, b = torch.randint(1, 5, (2,)).tolist()
        other = machine.denoise(x.roll((a, b), (2, 3)), alpha_bar)
        same = same and torch.allclose(other, guess.roll((a, b), (2, 3)), atol=1e-6)
    return same


def is_local(machine, x, alpha_bar, patch_size):
    guess, r = machine.denoise(x, alpha_bar), patch_size // 2
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            noisy = torch.randn_like(x).roll((r - i, r - j), (2, 3))
            window = (..., slice(patch_size), slice(patch_size))
            noisy[window] = x.roll((r - i, r - j), (2, 3))[window]
            other = machine.denoise(noisy.roll((i - r, j - r), (2, 3)), alpha_bar)
            if (other - guess)[:, :, i, j].abs().max() > 1e-6:
                return False
    return True
"""),
    ],
    "lab3-mosaics": [
        # In the variable x / sqrt(alpha_bar), where the step is a mean of picture and guess.
        ("q1", """
def grow(machine, noise, steps):
    times = torch.linspace(1, 0, steps + 1, dtype=torch.float64).tolist()
    x = noise.clone()
    for t, s in zip(times[:-1], times[1:]):
        a, b = schedule.alpha_bar(t), schedule.alpha_bar(s)
        guess = machine.denoise(x, a)
        ratio = ((1 - b) / (1 - a)) ** 0.5
        x = ratio * x + (b**0.5 - ratio * a**0.5) * guess
    return x
"""),
        ("q5", """
island, count = torch.ones(9, 9, dtype=torch.int64), count
island[:, 2:7] = -1
"""),
        ("q6", "mixing, remembering = 5, 13.0"),
    ],
    "lab4-network": [
        # Adam, one level a batch, more pictures.
        ("q2", """
def train(network, images, steps):
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    losses = []
    for step in range(steps):
        x0 = images[torch.randperm(len(images))[:64]].repeat(64 // min(64, len(images)), 1, 1, 1)
        t = torch.rand(len(x0)).clamp(0.002, 1)
        a = torch.cos(torch.pi * t / 2.016) ** 2
        e = torch.randn(x0.shape)
        w = a[:, None, None, None]
        out = network(w**0.5 * x0 + (1 - w) ** 0.5 * e, a)
        loss = F.mse_loss(out, velocity(x0, e, a))
        network.zero_grad()
        loss.backward()
        optimizer.step()
        losses += [float(loss)]
    return losses
"""),
        # Change a pixel and look.
        ("q3", """
def window_seen(network, side):
    middle, seen = side // 2, set()
    x = torch.randn(1, 1, side, side)
    with torch.no_grad():
        before = network(x, torch.tensor([0.5]))[0, 0, middle, middle]
        for j in range(side):
            changed = x.clone()
            changed[0, 0, :, j] += 1
            if network(changed, torch.tensor([0.5]))[0, 0, middle, middle] != before:
                seen.add(j)
    return max(seen) - min(seen) + 1
"""),
        # By the cosine, as the paper does.
        ("q5", """
def best_window(denoiser, machines, x, alpha_bar):
    def noise_in(guess):
        return ((x - alpha_bar**0.5 * guess) / (1 - alpha_bar) ** 0.5).flatten(1)

    mine = noise_in(denoiser.denoise(x, alpha_bar))
    def fit(side):
        theirs = noise_in(machines[side].denoise(x, alpha_bar))
        return F.cosine_similarity(theirs, mine).median()

    return max(machines, key=fit)
"""),
    ],
    "lab5-project": [
        # Thumbnails by another filter.
        ("q1", """
from PIL import ImageOps


def read_folder(folder, side):
    found = []
    for name in sorted(p.name for p in Path(folder).iterdir() if p.is_file()):
        try:
            picture = Image.open(Path(folder) / name)
            if picture.mode == "I;16":
                picture = picture.point(lambda value: value / 257).convert("L")
            picture = ImageOps.fit(picture.convert("RGB"), (side, side))
        except Exception:
            continue
        found.append(np.array(ImageOps.grayscale(picture), dtype=np.float32) / 255)
    if len(found) == 0:
        raise ValueError("no pictures")
    return torch.tensor(np.array(found)).unsqueeze(1) * 2 - 1
"""),
        ("q3", """
import random


def split(images, seed):
    places = list(range(len(images)))
    random.Random(seed).shuffle(places)
    cut = len(images) - len(images) // 4
    return [images[sorted(places[:cut])], images[sorted(places[cut:])]]
"""),
    ],
}  # fmt: skip
