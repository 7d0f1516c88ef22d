"""The four machines: exact posterior means under locality, equivariance, both, or neither.

All say the same sentence: the best guess for a pixel is a softmax-weighted mean of training pixels.
They differ in what is compared, and with what:

                             with the same place      with every place
    the whole image          IdealScore               EquivariantScore
    a patch around a pixel   LocalScore               EquivariantLocalScore

Equation numbers are those of Kamb & Ganguli, arXiv 2412.20292v2.
"""

import torch

from els_tutorial import patch_forest, pruning, running_sums
from els_tutorial.attention import TILE, heaviest, merge, partial_mean, patch_logits
from els_tutorial.checks import check_boundary, check_patch_size
from els_tutorial.denoiser import Machine, Provenance
from els_tutorial.patches import box_sum, centres, extract, regions, wrap


class IdealScore(Machine):
    """The ideal score (IS, eqs. 3 and 4): whole images, compared as they stand.

    Args:
        images: training images [N, C, H, W] in [-1, 1]: a float tensor, or blocks on disk as
            :func:`els_tutorial.blocks.streamed` takes them.

    Raises:
        ValueError: if images is nothing of this.
    """

    def _partial(self, x, alpha_bar):
        keys = (block.flatten(1) for block in self._blocks(x[0].numel()))
        mean, lse = partial_mean(x.flatten(1), keys, alpha_bar, slice(None))
        return mean.view_as(x), lse.view(-1, 1, 1, 1)

    def _provenance(self, x, alpha_bar):
        keys = (block.flatten(1) for block in self._blocks(x[0].numel()))
        image, weight = heaviest(patch_logits(x.flatten(1), k, alpha_bar) for k in keys)
        row, column = self._places(x)
        whole = (-1, *x.shape[2:])
        return Provenance(
            image[:, None, None].expand(whole), row, column, weight[:, None, None].expand(whole)
        )


class EquivariantScore(Machine):
    """The equivariant score (ES, eqs. 5 and 6): whole images in all their circular shifts.

    The ideal score of the shifted set, without ever making it: for one training image the inner
    products with all its shifts are a cross-correlation, and the weighted sum of its shifts is a
    convolution, both a product after a Fourier transform.

    Args:
        images: training images [N, C, H, W] in [-1, 1]: a float tensor, or blocks on disk as
            :func:`els_tutorial.blocks.streamed` takes them.

    Raises:
        ValueError: if images is nothing of this.
    """

    def _logits(self, picture, block, alpha_bar):
        """Return the logit of each shift: picture [C, H, W], block [N, C, H, W] -> [N, H, W].

        Entry (n, a, b) belongs to image n rolled by (a, b).
        """
        size = picture.shape[-2:]
        f = torch.fft.rfft2(picture) * torch.fft.rfft2(block).conj()
        products = torch.fft.irfft2(f.sum(1), s=size)
        norms = block.square().sum((1, 2, 3))[:, None, None]
        distances = picture.square().sum() - 2 * alpha_bar**0.5 * products + alpha_bar * norms
        return -distances / (2 * (1 - alpha_bar))

    def _partial(self, x, alpha_bar):
        def part(picture, block):
            logits = self._logits(picture, block, alpha_bar)
            lse = logits.flatten().logsumexp(0)
            weights = torch.fft.rfft2((logits - lse).exp())[:, None]  # [N, 1, H, W/2 + 1]
            mean = (weights * torch.fft.rfft2(block)).sum(0)
            return torch.fft.irfft2(mean, s=picture.shape[-2:]), lse.view(1, 1, 1)

        return self._merged(x, part)

    def _provenance(self, x, alpha_bar):
        height, width = x.shape[2:]
        image, row, column, weight = [], [], [], []
        here = [place[0] for place in self._places(x)]
        for picture in x.double():
            blocks = self._blocks(picture.numel())
            logits = (self._logits(picture, b.double(), alpha_bar).view(1, -1) for b in blocks)
            index, share = heaviest(logits)
            image.append((index // (height * width)).expand(height, width))
            row.append((here[0] - index // width % height) % height)
            column.append((here[1] - index % width) % width)
            weight.append(share.expand(height, width))
        return Provenance(*map(torch.stack, (image, row, column, weight)))


class _PatchMachine(Machine):
    def __init__(self, images, patch_size, boundary):
        super().__init__(images)
        check_boundary(boundary)
        if not callable(patch_size):
            check_patch_size(patch_size, *self.images.shape[2:], boundary)
        self.patch_size, self.boundary = patch_size, boundary

    def patch_size_at(self, alpha_bar):
        """Return the window's side at this noise level, an odd int.

        Raises:
            ValueError: if a callable ``patch_size`` gives a size that does not fit the images.
        """
        if not callable(self.patch_size):
            return self.patch_size
        size = self.patch_size(alpha_bar)
        check_patch_size(size, *self.images.shape[2:], self.boundary)
        return size


class LocalScore(_PatchMachine):
    """The local score (LS, eqs. 7 and 8): the patch around a pixel, compared at its own place.

    Args:
        images: training images [N, C, H, W] in [-1, 1]: a float tensor, or blocks on disk as
            :func:`els_tutorial.blocks.streamed` takes them.
        patch_size: side of the square window: an odd int, or a callable alpha_bar -> odd int such
            as :class:`els_tutorial.calibration.LocalityScales`.
        boundary: "zeros" (outside the image there is nothing to compare) or "circular" (the image
            is a torus).

    Raises:
        ValueError: if images is nothing of this, patch_size is even or does not fit, or boundary
            is unknown.
    """

    def __init__(self, images, patch_size, boundary="zeros"):
        super().__init__(images, patch_size, boundary)

    def _logits(self, picture, block, alpha_bar):
        """Return the logits [N, H, W] of a block [N, C, H, W] for picture [C, H, W], in float64.

        Differences are squared before they are summed, so nothing large cancels.
        """
        squares = (picture - alpha_bar**0.5 * block).square().sum(1)
        sums = box_sum(squares, self.patch_size_at(alpha_bar), self.boundary)
        return sums / (-2 * (1 - alpha_bar))

    def _partial(self, x, alpha_bar):
        def part(picture, block):
            logits = self._logits(picture, block, alpha_bar)
            lse = logits.logsumexp(0)  # [H, W]
            weights = (logits - lse).exp()
            return torch.einsum("nhw,nchw->chw", weights, block), lse[None]

        return self._merged(x, part)

    def _provenance(self, x, alpha_bar):
        image, weight = [], []
        for picture in x.double():
            blocks = self._blocks(picture.numel())
            logits = (self._logits(picture, block.double(), alpha_bar) for block in blocks)
            index, share = heaviest(each.flatten(1).T for each in logits)
            image.append(index.view(x.shape[2:]))
            weight.append(share.view(x.shape[2:]))
        return Provenance(torch.stack(image), *self._places(x), torch.stack(weight))


class EquivariantLocalScore(_PatchMachine):
    """The equivariant local score (ELS, eqs. 9 and 10): the patch around a pixel, at every place.

    With zero borders it is the boundary-broken machine (eq. 41): a pixel is compared only with
    training pixels whose window the border cuts in the same way.

    On the CPU :mod:`els_tutorial.running_sums` computes the means, or for small windows
    :mod:`els_tutorial.pruning`, elsewhere attention over patches (:mod:`els_tutorial.attention`);
    tests hold them together.

    Args:
        images: training images [N, C, H, W] in [-1, 1]: a float tensor, or blocks on disk as
            :func:`els_tutorial.blocks.streamed` takes them. A tensor must stay as it is: what is
            known of its patches is kept from step to step.
        patch_size: side of the square window: an odd int, or a callable alpha_bar -> odd int such
            as :class:`els_tutorial.calibration.LocalityScales`.
        boundary: "circular" (the image is a torus, and training patches wrap too) or "zeros".

    Raises:
        ValueError: if images is nothing of this, patch_size is even or does not fit, or boundary
            is unknown.
    """

    def __init__(self, images, patch_size, boundary="circular"):
        super().__init__(images, patch_size, boundary)
        self._forests = {}  # patch size -> trees of patches

    def _comparisons(self, x, size):
        """Yield for each region (rows, columns), queries [Q, D], and what makes its key blocks."""
        noisy = wrap(x, size, self.boundary)
        for rows, columns in regions(*x.shape[2:], size, self.boundary):
            queries = extract(noisy, rows, columns)
            numbers = queries[0].numel()

            def keys(numbers=numbers, rows=rows, columns=columns):  # -> [K, D] each
                for block in self._blocks(numbers):
                    yield extract(wrap(block, size, self.boundary), rows, columns).flatten(0, 1)

            yield (rows, columns), queries.flatten(0, 1), keys

    def _partial(self, x, alpha_bar):
        size = self.patch_size_at(alpha_bar)
        if x.device.type != "cpu":
            return self._attended(x, alpha_bar, size)
        if forest := self._forest(size, alpha_bar, len(x)):  # the same means, sooner
            return pruning.partial_mean(x, forest, alpha_bar)
        total = None
        for block in self._blocks(x[0].numel()):
            part = running_sums.partial_mean(x, block, alpha_bar, size, self.boundary)
            total = merge(total, part)
        return total

    def _forest(self, size, alpha_bar, pictures):
        """Return the trees of all patches if they are quicker, else None.

        What comes in blocks has none: whoever reads it from a disk has no memory to spare.
        """
        held = isinstance(self.images, torch.Tensor)
        if not held or not pruning.may_pay(size, alpha_bar, pictures):
            return None
        if size not in self._forests:
            self._forests[size] = patch_forest.Forest(self.images, size, self.boundary)
        forest, pixels = self._forests[size], self.images[:, 0].numel()
        return forest if pruning.pays(forest, pixels, alpha_bar, pictures) else None

    def _attend(self, x, alpha_bar, size):
        return self._attended(x, alpha_bar, size)[0]

    def _attended(self, x, alpha_bar, size):
        """Eq. 10 as it stands: each pixel's window attends to its candidates' windows."""
        batch, channels = x.shape[:2]
        x0_hat, lse = torch.empty_like(x), torch.empty_like(x[:, :1], dtype=torch.float64)
        for (rows, columns), queries, keys in self._comparisons(x, size):
            centre = centres(channels, rows, columns)
            place = (..., slice(rows.start, rows.stop), slice(columns.start, columns.stop))
            found = partial_mean(queries, keys(), alpha_bar, centre)  # [B * h * w, C or 1]
            for whole, part in zip((x0_hat, lse), found, strict=True):
                target = whole[place]
                target.copy_(part.view(batch, *target.shape[2:], -1).movedim(-1, 1))
        return x0_hat, lse

    def _provenance(self, x, alpha_bar):
        row, column = (place.clone() for place in self._places(x))
        image, weight = torch.empty_like(row), torch.empty_like(row, dtype=torch.float64)
        for (rows, columns), queries, keys in self._comparisons(x, self.patch_size_at(alpha_bar)):
            found = [  # a tile of queries against a tile of keys at a time: [TILE, TILE] logits
                heaviest(
                    patch_logits(tile, part, alpha_bar) for k in keys() for part in k.split(TILE)
                )
                for tile in queries.split(TILE)
            ]
            index, share = map(torch.cat, zip(*found, strict=True))
            h, w = rows.stop - rows.start, columns.stop - columns.start
            place = (slice(None), slice(rows.start, rows.stop), slice(columns.start, columns.stop))
            index, shape = index.view(len(x), h, w), (len(x), h, w)
            image[place], weight[place] = index // (h * w), share.view(shape)
            row[place] = rows.start + index // w % h
            column[place] = columns.start + index % w
        return Provenance(image, row, column, weight)
