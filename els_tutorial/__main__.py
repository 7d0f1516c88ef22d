"""Long computations by one command each: ``python -m els_tutorial train digits-resnet``."""

import argparse
import sys

from els_tutorial.recipes import RECIPES, make
from els_tutorial.reproduce import Reproduction


def main():
    parser = argparse.ArgumentParser(prog="python -m els_tutorial", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("train", help="train a network by its recipe; goes on if cut off")
    command.add_argument("name", choices=RECIPES)
    command.add_argument(
        "--folder", default=".", help="where the network goes (default: the current folder)"
    )
    command.add_argument("--root", help="a local .npz with the images, where none ship")
    command = commands.add_parser(
        "reproduce",
        help="compare a network that ships with its rivals, seed by seed; goes on if cut off",
    )
    command.add_argument("--network", choices=RECIPES, required=True)
    command.add_argument(
        "--result",
        default="results/prediction.json",
        help="the table's file (default: %(default)s)",
    )
    command.add_argument("--root", help="a local .npz with the images, where none ship")
    options = parser.parse_args()
    try:
        if options.command == "train":
            print(make(options.name, options.folder, options.root))
        else:
            Reproduction(options.network, options.result, options.root).run()
    except (ValueError, ModuleNotFoundError, ConnectionError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from the last saved piece")


if __name__ == "__main__":
    main()
