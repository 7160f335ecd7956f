"""What people are called: names by how many bear them, by what they go, and what is heard for what.

The frequent names and their order are those of the US census of 1990 (public domain), whose frequencies fall with the
rank about as `10 % / (rank + 9)` for surnames, `25 % / (rank + 7)` for given names; `tests/clerk/crowd` has the rest.
The other lists were written down for this measurement; the matcher has its own.
"""

from __future__ import annotations

from pathlib import Path

_CROWD = Path(__file__).parents[1] / "clerk/crowd"
_MEN = 698


def _read(name: str) -> list[str]:
    return (_CROWD / name).read_text().split()


_FREQUENT_WOMEN = """Mary Patricia Linda Barbara Elizabeth Jennifer Maria Susan Margaret Dorothy Lisa Nancy Karen Betty
Helen Sandra Donna Carol Ruth Sharon Michelle Laura Sarah Kimberly Deborah Jessica Shirley Cynthia Angela Melissa Brenda
Amy Anna Rebecca Virginia Kathleen Pamela Martha Debra Amanda Stephanie Carolyn Christine Marie Janet Catherine Frances
Ann Joyce Diane Alice Julie Heather Teresa Doris Gloria Evelyn Jean Cheryl Mildred Katherine Joan Ashley Judith Rose
Janice Kelly Nicole Judy Christina Kathy Theresa Beverly Denise Tammy Irene Jane Lori Rachel Marilyn Andrea Kathryn
Louise Sara Anne Jacqueline Wanda Bonnie Julia Ruby Lois Tina Phyllis Norma Paula Diana Annie Lillian Emily Robin Peggy
Crystal Gladys Rita Dawn Connie Florence Tracy Edna Tiffany Carmen Rosa Cindy Grace Wendy Victoria Edith Kim Sherry
Sylvia Josephine Thelma Shannon Sheila Ethel Ellen Elaine Marjorie Carrie Charlotte Monica Esther Pauline Emma Juanita
Anita Rhonda Hazel Amber Eva Debbie April Leslie Clara Lucille Jamie Joanne Eleanor Valerie Danielle Megan Alicia
Suzanne Michele Gail Bertha Darlene Veronica Jill Erin Geraldine Lauren Cathy Joann Lorraine Lynn Sally Regina Erica
Beatrice Dolores Bernice Audrey Yvonne Annette""".split()
_FIRST = _read("first_names.txt")
#: By rank.
MEN = _FIRST[:_MEN]
WOMEN = list(dict.fromkeys([*_FREQUENT_WOMEN, *_FIRST[_MEN:]]))
FAMILIES = _read("last_names.txt")

#: Names of Spanish origin go together, which is why there are so many Maria Garcias.
SPANISH_FAMILIES = frozenset(
    """Garcia Martinez Rodriguez Hernandez Lopez Gonzalez Perez Sanchez Ramirez Torres Flores Rivera Gomez Diaz Cruz
    Reyes Morales Gutierrez Ortiz Ramos Chavez Ruiz Mendoza Alvarez Castillo Jimenez Vasquez Moreno Herrera Medina
    Castro Vargas Guzman Fernandez Munoz Salazar Garza Soto Vega Delgado Rios Pena Contreras Maldonado Acosta Figueroa
    Cortez Luna Molina Espinoza""".split()
)
SPANISH_MEN = """Jose Juan Luis Carlos Jesus Miguel Manuel Antonio Francisco Jorge Pedro Alejandro Roberto Ricardo
Fernando Javier Eduardo Mario Sergio Rafael Hector Raul Ramon Ruben Alberto""".split()
SPANISH_WOMEN = """Maria Carmen Rosa Ana Guadalupe Juana Martha Margarita Yolanda Leticia Alicia Veronica Silvia Elena
Teresa Patricia Gloria Claudia Sandra Adriana Norma Araceli Gabriela Monica Diana""".split()

#: What people go by: their own list of what one hears in the United States.
CALLED = {
    name: short.split()
    for name, short in (
        line.split(": ")
        for line in """James: Jim Jimmy Jamie
John: Jack Johnny
Robert: Bob Rob Bobby Robbie
Michael: Mike Mikey Mick
William: Bill Will Billy Liam
David: Dave Davey
Richard: Rick Dick Rich Ricky
Charles: Chuck Charlie
Joseph: Joe Joey
Thomas: Tom Tommy
Christopher: Chris Topher Kit
Daniel: Dan Danny
Donald: Don Donnie
Kenneth: Ken Kenny
Steven: Steve
Stephen: Steve Steph
Edward: Ed Eddie Ted Ned
Ronald: Ron Ronnie
Anthony: Tony
Matthew: Matt
Timothy: Tim Timmy
Lawrence: Larry
Jeffrey: Jeff
Andrew: Andy Drew
Raymond: Ray
Gregory: Greg
Joshua: Josh
Dennis: Denny
Walter: Walt Wally
Patrick: Pat Paddy
Peter: Pete
Harold: Hal Harry
Douglas: Doug
Henry: Hank Harry
Arthur: Art
Albert: Al Bert
Jonathan: Jon Jonny
Gerald: Jerry Gerry
Samuel: Sam Sammy
Benjamin: Ben Benny
Nicholas: Nick Nicky
Alexander: Alex Xander
Frederick: Fred Freddy
Philip: Phil
Phillip: Phil
Francis: Frank
Frank: Frankie
Vincent: Vince Vinny
Eugene: Gene
Russell: Russ
Leonard: Len Lenny
Nathan: Nate
Nathaniel: Nate
Zachary: Zach Zack
Theodore: Ted Teddy Theo
Jacob: Jake
Bradley: Brad
Clifford: Cliff
Stanley: Stan
Jose: Pepe
Francisco: Paco Frank Pancho
Jesus: Chuy
Manuel: Manny
Antonio: Tony
Roberto: Beto Robert
Alejandro: Alex
Eduardo: Eddie
Rafael: Rafa
Patricia: Pat Patty Trish Tricia
Barbara: Barb Babs
Elizabeth: Liz Beth Betty Lizzie Eliza Betsy
Jennifer: Jen Jenny Jenn
Susan: Sue Susie Suzy
Margaret: Maggie Peggy Meg Marge Margie
Dorothy: Dot Dottie
Karen: Kari
Nancy: Nan
Sandra: Sandy
Deborah: Deb Debbie
Debra: Deb Debbie
Sharon: Shari
Michelle: Shelly Mickey
Kimberly: Kim Kimmy
Jessica: Jess Jessie
Cynthia: Cindy
Angela: Angie
Melissa: Missy Mel
Brenda: Bren
Rebecca: Becky Becca
Virginia: Ginny Ginger
Kathleen: Kathy Kate Katie
Pamela: Pam
Amanda: Mandy
Stephanie: Steph
Christine: Chris Chrissy Tina
Christina: Chris Tina Chrissy
Catherine: Cathy Cate Cat
Katherine: Kathy Kate Katie Kat
Kathryn: Kathy Kate Katie
Teresa: Terry Tess
Theresa: Terry Tess
Jacqueline: Jackie
Judith: Judy
Janice: Jan
Janet: Jan
Beverly: Bev
Victoria: Vicky Tori Vicki
Suzanne: Sue Suzy
Josephine: Josie Jo
Eleanor: Ellie Nora
Valerie: Val
Danielle: Dani
Veronica: Ronnie Vera
Samantha: Sam Sammy
Alexandra: Alex Sandra Lexi
Gabriela: Gabby
Guadalupe: Lupe
Maria: Mari
Leticia: Letty
Yolanda: Yoli
Abigail: Abby
Madison: Maddie
Nicole: Nicki
Tiffany: Tiff
Allison: Ali Allie
Marjorie: Marge Margie
Lillian: Lily
Carolyn: Carol Lynn
Martha: Marty
Diane: Di
Gwendolyn: Gwen""".splitlines()
    )
}
#: Pairs of names that differ by a letter or a breath, both of them common: relatives and neighbours who are two people.
NEAR_GIVEN = """Tina/Gina Eric/Erica Paul/Paula Jon/Don Carol/Carl Daniel/Danielle Mark/Mary Joan/John Larry/Harry
Jane/Janet Terry/Jerry Kara/Tara Michael/Michelle Christian/Christina Aaron/Darren Bella/Stella Marie/Mario Julia/Julie
Anna/Hanna Robert/Roberta Brian/Brianna Kristen/Kirsten Carla/Karla Joseph/Josephine Maria/Mario Louis/Louise Tim/Kim
Ron/Don Jean/Dean Marcus/Mark Sandra/Sandy Ana/Ava Luis/Luisa Carmen/Carman Kelly/Shelly Jim/Tim Lisa/Liza Rosa/Rose
""".split()
NEAR_FAMILY = """Garcia/Garza Gonzales/Gonzalez Johnson/Johnston Thompson/Thomson Clark/Clarke Brown/Browning Reed/Read
Hernandez/Fernandez Anderson/Andersen Peterson/Petersen Martin/Martinez Smith/Smythe Stewart/Stuart Lee/Leigh
Miller/Millar Moore/Moon Harris/Harrison Robins/Robinson Roberts/Robertson Hall/Hill Ward/Wood Allen/Allan Green/Greer
Perez/Pena Ramos/Ramirez Lopez/Lope Young/Yang Hughes/Hayes Price/Rice Wells/Wills Webb/Weber Mills/Miles Burke/Burks
""".split()
#: What a person on the phone writes for what is said.
HEARD = (
    ("ph", "f"), ("ck", "k"), ("th", "t"), ("ie", "y"), ("y", "ie"), ("ee", "ea"), ("ei", "ie"), ("c", "k"), ("k", "c"),
    ("s", "z"), ("z", "s"), ("nn", "n"), ("ll", "l"), ("l", "ll"), ("n", "nn"), ("tt", "t"), ("son", "sen"),
    ("sch", "sh"), ("man", "mann"), ("ou", "u"), ("ai", "ay"), ("er", "or"), ("rr", "r"), ("w", "v"), ("j", "g"),
)  # fmt: skip
