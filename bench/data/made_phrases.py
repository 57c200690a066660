"""The phrases of the self-made dataset: tasks with their answers, question forms, and sentences by attribute."""

from __future__ import annotations

FORMS = (
    "How do I {task}{when}?",
    "What is the best way to {task}{when}?",
    "Could you tell me how to {task}{when}?",
    "I want to {task}{when}. Where do I start?",
    "Can you explain how to {task}{when}?",
)

WHENS = (
    "",
    " for the first time",
    " on a small budget",
    " before the weekend",
    " in a small flat",
    " without any help",
    " with two children around",
)

# task: (a vague answer, a concrete answer)
TASKS: dict[str, tuple[str, str]] = {
    "repot a fern": (
        "Move it into a bigger pot with fresh soil.",
        "Use a pot 3 cm wider and water it with 200 ml.",
    ),
    "bake a loaf of bread": (
        "Make a dough, let it rise and bake it.",
        "Bake 500 g of flour with 7 g of yeast at 220 degrees.",
    ),
    "boil an egg": (
        "Put it in hot water until it is done.",
        "Boil it for 7 minutes, then cool it in ice water for 2.",
    ),
    "clean a window": (
        "Wipe the glass with something soft.",
        "Mix 1 part vinegar with 4 parts water and wipe from top to bottom.",
    ),
    "fix a flat bicycle tyre": (
        "Take the tube out and close the hole.",
        "Sand the hole, glue on a 2 cm patch and press for 5 minutes.",
    ),
    "learn a new language": (
        "Practise often and speak with people.",
        "Learn 10 words a day and talk with a partner for 30 minutes.",
    ),
    "write a job application": (
        "Say who you are and what you can do.",
        "Write 1 page, name 3 results and answer each point of the advert.",
    ),
    "train a young dog": (
        "Repeat the commands and reward it.",
        "Train 5 minutes, 3 times a day, and give a treat within 1 second.",
    ),
    "paint a bedroom": (
        "Cover the floor and put the paint on the walls.",
        "Use 1 litre for 10 square metres and let the first coat dry 4 hours.",
    ),
    "save money": (
        "Spend less than you earn and keep the rest.",
        "Move 10 percent of your pay to savings on the 1st of each month.",
    ),
    "grow tomatoes": (
        "Give them sun, water and something to climb.",
        "Plant them 50 cm apart and give each 1 litre every 2 days.",
    ),
    "sleep better": (
        "Go to bed at a good time and keep calm.",
        "Switch off screens at 9 and keep the room at 18 degrees.",
    ),
    "run five kilometres": (
        "Start slowly and run a bit more each week.",
        "Run 1 minute and walk 2, 8 times, on 3 days a week.",
    ),
    "make coffee": (
        "Pour hot water over ground coffee.",
        "Pour 250 ml of water at 94 degrees over 15 g of coffee.",
    ),
    "remove a wine stain": (
        "Treat the stain before it dries.",
        "Cover it with salt for 10 minutes and rinse with cold water.",
    ),
    "plan a birthday party": (
        "Choose a day, some guests and a cake.",
        "Invite 8 guests 3 weeks ahead and plan 2 games an hour.",
    ),
    "change a light bulb": (
        "Turn off the power and swap the bulb.",
        "Cut the power, wait 5 minutes and screw in a 9 watt bulb.",
    ),
    "read more books": (
        "Keep a book near you and read a little.",
        "Read 20 pages before bed and keep a list of 5 titles.",
    ),
    "descale a kettle": (
        "Heat something sour in it and rinse.",
        "Boil half a litre of water with 2 spoons of citric acid, then rinse twice.",
    ),
    "pack a suitcase": (
        "Put heavy things down and light things up.",
        "Roll 5 shirts, put shoes at the bottom and keep 2 kg spare.",
    ),
    "sew on a button": (
        "Thread a needle and stitch it on.",
        "Use 40 cm of doubled thread and stitch each hole 4 times.",
    ),
    "sharpen a knife": (
        "Draw the blade over a stone.",
        "Hold it at 20 degrees and draw it 10 times on each side.",
    ),
    "cook rice": (
        "Simmer it in water until it is soft.",
        "Simmer 1 cup of rice in 2 cups of water for 15 minutes.",
    ),
    "hang a picture": (
        "Put a nail in the wall and hang it.",
        "Mark a point at 150 cm and drive a 4 cm nail in at an angle.",
    ),
    "prepare for an exam": (
        "Go over your notes and practise.",
        "Solve 3 old papers in the last week, 90 minutes each.",
    ),
    "start a compost heap": (
        "Pile up kitchen and garden waste.",
        "Layer 2 parts leaves with 1 part peelings and turn it every 14 days.",
    ),
    "unblock a sink": (
        "Loosen what is stuck and flush it.",
        "Pour in 100 g of soda and 1 cup of vinegar, then flush after 15 minutes.",
    ),
    "wash a wool jumper": (
        "Wash it gently and let it dry flat.",
        "Wash it by hand at 30 degrees and dry it flat for 24 hours.",
    ),
    "learn the guitar": (
        "Practise chords and simple songs.",
        "Practise 3 chords for 15 minutes each day with a metronome at 60.",
    ),
    "take a good photograph": (
        "Look for nice light and hold still.",
        "Shoot within 1 hour of sunset at 1/200 of a second.",
    ),
    "lose a few kilos": (
        "Eat a little less and move more.",
        "Walk 8,000 steps and eat 300 calories less each day.",
    ),
    "build a bookshelf": (
        "Cut boards, join them and sand them.",
        "Cut 4 boards of 80 cm and join them with 5 cm screws.",
    ),
    "give a short speech": (
        "Know your point and speak clearly.",
        "Make 3 points in 5 minutes and rehearse it 4 times aloud.",
    ),
    "find a new flat": (
        "Look at adverts and ask around.",
        "Check adverts at 8 each morning and view 3 flats a week.",
    ),
    "keep bees": (
        "Get a hive and learn from a beekeeper.",
        "Start with 2 hives in May and check the frames every 7 days.",
    ),
    "make a budget": (
        "Write down what comes in and goes out.",
        "List 12 monthly costs and set a limit for each in a table.",
    ),
    "brew black tea": (
        "Let the leaves stand in hot water.",
        "Let 2 g of leaves stand in 200 ml for 4 minutes.",
    ),
    "iron a shirt": (
        "Press the parts one after the other.",
        "Set the iron to 150 degrees and do the collar first, the body last.",
    ),
    "swim faster": (
        "Work on your strokes and your breathing.",
        "Swim 8 lengths of 25 metres with 30 seconds of rest.",
    ),
    "set up a tent": (
        "Lay it out, put the poles in and peg it.",
        "Peg the 4 corners first and set the guy ropes at 45 degrees.",
    ),
    "back up a laptop": (
        "Copy your files to another place.",
        "Copy the files to 2 drives every Sunday and test 1 of them.",
    ),
    "make pancakes": (
        "Mix a batter and fry it in a pan.",
        "Whisk 2 eggs, 200 g of flour and 300 ml of milk, fry 1 minute a side.",
    ),
    "choose running shoes": (
        "Try some on and see what feels right.",
        "Leave 1 cm before the toes and replace them after 700 km.",
    ),
    "care for a cactus": (
        "Give it light and very little water.",
        "Water it with 50 ml every 3 weeks at a south window.",
    ),
    "write a short story": (
        "Think of a person who wants something.",
        "Write 300 words a day about 1 person and 1 problem.",
    ),
    "tie a bow tie": (
        "Cross the ends and make a loop.",
        "Leave the left end 4 cm longer, cross it and fold a 6 cm loop.",
    ),
    "insulate a door": (
        "Close the gaps around it.",
        "Stick 9 mm foam tape on 3 sides and a brush strip below.",
    ),
    "ride a horse": (
        "Sit upright and stay relaxed.",
        "Hold your heels 2 cm below your toes and look 10 metres ahead.",
    ),
}

# attribute: sentences that carry it
SENTENCES: dict[str, tuple[str, ...]] = {
    "polite": (
        "Thank you for asking.",
        "I am happy to help.",
        "Please feel free to ask again.",
        "It is a pleasure to answer this.",
        "Many thanks for your kind question.",
    ),
    "example": (
        "For example, my neighbour did it this way last spring.",
        "For instance, a friend of mine had success with it.",
        "As an example, think of how a school would do it.",
        "To give an example, my sister managed it in a day.",
    ),
    "hedging": (
        "I am not sure that this is right.",
        "Perhaps it works, perhaps it does not.",
        "Maybe someone else would know better.",
        "It might possibly depend, I cannot say.",
        "I could be wrong about this.",
    ),
    "rude": (
        "That is a silly question.",
        "You should know this already.",
        "Do not waste my time.",
        "Only a fool would need to ask.",
        "Nobody cares about this.",
    ),
    "warning": (
        "Be careful and take your time.",
        "Watch out for accidents.",
        "Mind your fingers.",
        "Safety comes first.",
    ),
    "question": (
        "What have you tried so far?",
        "Which tools do you have?",
        "When do you need it?",
        "Who is it for?",
    ),
    "encouragement": (
        "You can do this.",
        "Keep going and it will work.",
        "You are on a good way.",
        "Do not give up.",
    ),
    "weather": (
        "It rained here this morning.",
        "The sun is out today.",
        "There was fog on the hills.",
        "It is windy outside.",
    ),
    "music": (
        "I listen to the radio while I write this.",
        "An old song is in my head.",
        "The band next door is playing.",
        "I like jazz in the evening.",
    ),
    "exclamation": (
        "Wow!",
        "Great!",
        "What a day!",
        "Hooray!",
    ),
    "closing": (
        "Yours sincerely.",
        "With kind regards.",
        "Best wishes.",
        "Goodbye for now.",
    ),
    "source": (
        "The library has a good book on it.",
        "There is a chapter on it in most handbooks.",
        "A magazine wrote about it in March.",
        "You will find it in the manual.",
    ),
    "summary": (
        "In short, keep it simple.",
        "To sum up, less is more.",
        "All in all, that is it.",
        "The main point is order.",
    ),
    "cost": (
        "It costs very little.",
        "You need not spend much.",
        "The price is low.",
        "It is almost free.",
    ),
    "duration": (
        "It does not take long.",
        "You will be done soon.",
        "It is quick work.",
        "An evening is enough.",
    ),
    "history": (
        "People have done this for centuries.",
        "The Romans knew it already.",
        "My grandparents did the same.",
        "It is an old custom.",
    ),
    "colour": (
        "Blue is a nice colour.",
        "I prefer green things.",
        "Red looks good anywhere.",
        "White goes with everything.",
    ),
    "travel": (
        "I once took a train to the sea.",
        "My last trip was to the mountains.",
        "The bus was late again.",
        "Ferries are fun.",
    ),
}
