"""Draws a window of SDL's without a screen, with the font that pygame brings."""
import os

os.environ["SDL_VIDEODRIVER"] = os.environ["SDL_AUDIODRIVER"] = "dummy"
import pygame


def main():
    pygame.init()
    screen = pygame.display.set_mode((160, 90))
    screen.fill((0, 0, 255))
    screen.blit(pygame.font.Font(None, 60).render("game", True, (255, 255, 255)), (10, 10))
    pygame.display.flip()
    print(screen.get_at((159, 89))[:3], len({screen.get_at((x, 35))[:3] for x in range(160)}) > 1)
